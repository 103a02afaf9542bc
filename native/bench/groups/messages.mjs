// Messages without a payload: round trips and rates, through the rings of ucx-node and through the RPC layer.
import { atLeast, atMost } from "../goal.mjs";
import { pairFigure } from "../pair.mjs";
import { mpirun, pairAnchor, pairProgram, perftest, program, sharedMemory, tcp } from "../programs.mjs";
import { MiB } from "../units.mjs";

/** The lines of JSON that the ranks of programs/rpc.mjs print. */
async function rpc(what, ranks = 2, nodeWords = []) {
  const text = await mpirun(ranks, [process.execPath, ...nodeWords, program("rpc.mjs"), what]);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const mega = (perSecond) => perSecond / 1e6;
const tripUs = (perSecond) => 1e6 / perSecond;

export const roundTrip = {
  name: "round trip",
  tools: ["ucx_perftest"],
  rows: {
    callbacks: { what: "8-byte round trip, callbacks", unit: "us", goal: atMost(1.5) },
    promises: { what: "round trip through the RPC layer, promises", unit: "us", goal: atMost(2.5) },
  },
  async ours() {
    const callbacks = tripUs(await pairFigure(pairProgram, ["requests", 8, 1]));
    const [{ tripUs: promises }] = await rpc("trips");
    return { callbacks, promises };
  },
  async anchor() {
    const { p50Us } = await perftest("ucp_am_lat", 8, 500_000);
    return { callbacks: 2 * p50Us, promises: 2 * p50Us };
  },
};

export const requests = {
  name: "requests",
  tools: [],
  rows: {
    callbacks: { what: "64-byte requests, window 32, callbacks", unit: "M/s", goal: atLeast(0.65) },
    promises: { what: "requests through the RPC layer, window 32", unit: "M/s", goal: atLeast(0.4) },
    absolute: { what: "requests through the RPC layer, of 3 M/s", unit: "M/s", goal: atLeast(1) },
  },
  async ours() {
    const callbacks = mega(await pairFigure(pairProgram, ["requests", 64, 32]));
    const [{ perSecond }] = await rpc("rate");
    return { callbacks, promises: mega(perSecond), absolute: mega(perSecond) };
  },
  async anchor() {
    const perSecond = mega(await pairFigure(await pairAnchor(), ["requests", 0, 32], sharedMemory));
    return { callbacks: perSecond, promises: perSecond, absolute: 3 };
  },
};

export const tcpTrip = {
  name: "tcp round trip",
  tools: ["ucx_perftest"],
  rows: { callbacks: { what: "TCP: 8-byte round trip", unit: "us", goal: atMost(1.3) } },
  ours: async () => ({ callbacks: tripUs(await pairFigure(pairProgram, ["requests", 8, 1], tcp)) }),
  anchor: async () => ({ callbacks: 2 * (await perftest("ucp_am_lat", 8, 50_000, tcp)).p50Us }),
};

export const ranks = {
  name: "8 ranks",
  tools: [],
  rows: { rate: { what: "8 ranks on 2 cores against 2 ranks, all calling", unit: "M/s", goal: atLeast(0.5) } },
  ours: async () => ({ rate: await total(8) }),
  anchor: async () => ({ rate: await total(2) }),
};

async function total(count) {
  const figures = await rpc("throughput", count);
  return mega(figures.reduce((sum, { perSecond }) => sum + perSecond, 0));
}

export const garbage = {
  name: "garbage collection",
  tools: [],
  rows: {
    longestPauseMs: { what: "10 M calls: longest pause of the collector", unit: "ms", goal: atMost(1) },
    heapGrowthMiB: { what: "10 M calls: growth of the heap", unit: "MiB", goal: atMost(1) },
  },
  async ours() {
    const [{ longestPauseMs, heapGrowthBytes }] = await rpc("long", 2, ["--expose-gc"]);
    return { longestPauseMs, heapGrowthMiB: heapGrowthBytes / MiB };
  },
  anchor: async () => ({ longestPauseMs: 2, heapGrowthMiB: 1 }),
};
