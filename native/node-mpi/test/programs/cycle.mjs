// cycle.mjs OPERATIONS: every collective, in a job of one.
import { printGrowth } from "../../../addon-kit/test/growth.mjs";
import * as mpi from "../../index.js";

mpi.init();
const world = mpi.world();
const bytes = new Uint8Array(1000);
const counts = Int32Array.of(1000);

function cycle() {
  world.barrier();
  world.broadcast(bytes, 0);
  world.allgather(bytes);
  world.allgatherv(bytes, new Uint8Array(1000), counts);
  world.gather(bytes, 0);
  world.scatter([bytes], 0);
  world.allreduce(new Float64Array(10), "sum");
  world.reduce(new Int32Array(10), "max", 0);
  world.split(0, 0).free();
  world.splitShared().free();
  try {
    world.broadcast(bytes, 1);
  } catch ({ code }) {
    if (code !== "ERR_MPI") throw new Error(code);
  }
}

await printGrowth(Number(process.argv[2]), 11, cycle);
mpi.finalize();
