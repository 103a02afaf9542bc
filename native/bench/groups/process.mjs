// What a process does besides talking to its peers: the exchange at the start, and nothing.
import { atMost } from "../goal.mjs";
import { pairFigure } from "../pair.mjs";
import { anchor, mpirun, program } from "../programs.mjs";
import { KiB } from "../units.mjs";

const iterations = 2000;
const idleSeconds = 4;

export const allgather = {
  name: "allgather",
  tools: [],
  rows: { call: { what: "allgatherv of 1 KiB, 8 ranks", unit: "us", goal: atMost(1.1) } },
  ours: async () => ({ call: Number(await mpirun(8, [process.execPath, program("allgather.mjs"), iterations, KiB])) }),
  async anchor() {
    const path = await anchor("allgather", process.env.MPICC ?? "mpicc", []);
    return { call: Number(await mpirun(8, [path, iterations, KiB])) };
  },
};

export const idle = {
  name: "idle",
  tools: [],
  rows: { cpu: { what: "idle with a worker, a peer and a ring: CPU", unit: "% of a core", goal: atMost(1) } },
  ours: async () => ({ cpu: await pairFigure([process.execPath, program("idle.mjs")], [idleSeconds]) }),
  anchor: async () => ({ cpu: 0.2 }),
};
