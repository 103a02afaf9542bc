// An even number of ranks under mpirun: each odd rank calls the rank before it through the RPC layer (promises,
// dispatch, deadlines) and prints one line of JSON.
//   mpirun -n 2 node rpc.mjs trips|rate|throughput|long
// trips: tripUs, one call at a time; rate: perSecond, 32 calls in flight; both are medians over batches.
// throughput: perSecond, 32 calls in flight, of all calls over all the time, as ranks that share a core need it.
// long: 10 million calls, 32 in flight; longestPauseMs of the garbage collector, and heapGrowthBytes, what a full
// collection leaves at the end over what one leaves after the first million. Needs --expose-gc.
import { PerformanceObserver } from "node:perf_hooks";
import * as mpi from "node-mpi";
import { automaticTimes, Reactor } from "../../../dist/reactor/reactor.js";
import { operations } from "../../../dist/rpc/operations.js";
import { Collectives } from "../../../dist/rpc/tree-group.js";
import { UcxRpc } from "../../../dist/rpc/ucx-rpc.js";
import { UcxTransport } from "../../../dist/rpc/ucx-transport.js";
import { median } from "../programs.mjs";

const [what] = process.argv.slice(2);
const window = 32;

const { rank, size } = mpi.init();
const transport = new UcxTransport({
  kind: "shared",
  payloadBytes: 4 << 20,
  landingSlots: 128,
  sendSlots: 128,
  rmaSlots: 64,
});
const { worker, arenaKey } = transport.address;
const workers = mpi.world().allgather(worker);
const arenaKeys = mpi.world().allgather(arenaKey);
transport.setPeers(workers.map((peer, i) => ({ worker: peer, arenaKey: arenaKeys[i] })));
mpi.finalize();
const rpc = new UcxRpc(transport, { rank, callSlots: 1024, deadlineMs: 60_000 });
rpc.serve(operations.ping, (_request, incoming) => incoming.respond({}));
const world = new Collectives(rpc).group(0, [...Array(size).keys()]);
const reactor = new Reactor([transport], automaticTimes(size > 2));
reactor.start();

const peer = rank - 1;

async function trips(batches) {
  const batchUs = [];
  for (let batch = 0; batch < batches; batch++) {
    const started = performance.now();
    for (let i = 0; i < 64; i++) await rpc.call(operations.ping, peer, {});
    batchUs.push(((performance.now() - started) * 1000) / 64);
  }
  return median(batchUs);
}

/** Calls per second: the median over batches of 256 answers. */
async function rate(calls) {
  const rates = [];
  let issued = 0;
  let answered = 0;
  let started = performance.now();
  const lane = async () => {
    while (issued++ < calls) {
      await rpc.call(operations.ping, peer, {});
      if (++answered % 256 !== 0) continue;
      const now = performance.now();
      rates.push(256_000 / (now - started));
      started = now;
    }
  };
  await Promise.all(Array.from({ length: window }, lane));
  return median(rates);
}

/** Calls per second: all of them over the time of all. What ranks that share a core reach together. */
async function throughput(calls) {
  const started = performance.now();
  let issued = 0;
  const lane = async () => {
    while (issued++ < calls) await rpc.call(operations.ping, peer, {});
  };
  await Promise.all(Array.from({ length: window }, lane));
  return (calls * 1000) / (performance.now() - started);
}

async function long() {
  const heapBytes = () => {
    globalThis.gc();
    return process.memoryUsage().heapUsed;
  };
  await throughput(1e6);
  const before = heapBytes();
  let longestPauseMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestPauseMs = Math.max(longestPauseMs, duration);
  });
  observer.observe({ entryTypes: ["gc"] });
  await throughput(9e6);
  // Entries come with the next turn of libuv.
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer.disconnect();
  return { longestPauseMs, heapGrowthBytes: heapBytes() - before };
}

const measures = {
  trips: async () => {
    await trips(2000);
    return { tripUs: await trips(5000) };
  },
  rate: async () => {
    await rate(300_000);
    return { perSecond: await rate(1_000_000) };
  },
  throughput: async () => {
    await throughput(100_000);
    await world.barrier();
    return { perSecond: await throughput(200_000) };
  },
  long,
};

await world.barrier();
if (rank % 2 === 1) console.log(JSON.stringify(await measures[what]()));
else if (what === "throughput") await world.barrier();
await world.barrier();
await transport.flush();
reactor.stop();
rpc.close();
transport.close();
process.exit(0);
