// One rank of the benchmark: microseconds per allgather() of so many bytes, printed by rank 0.
// allgather.mjs ITERATIONS BYTES; run.mjs starts it.
import * as mpi from "../index.js";

const [iterations, bytes] = process.argv.slice(2).map(Number);
const { rank } = mpi.init();
const world = mpi.world();
const mine = new Uint8Array(bytes);
let startNs = 0n;
// The first half warms up.
for (let i = 0; i < 2 * iterations; i++) {
  if (i === iterations) {
    world.barrier();
    startNs = process.hrtime.bigint();
  }
  world.allgather(mine);
}
const us = Number(process.hrtime.bigint() - startNs) / 1e3 / iterations;
mpi.finalize();
if (rank === 0) console.log(us.toFixed(3));
