// allgather.mjs ITERATIONS BYTES: rank 0 prints the microseconds per allgatherv() of so many bytes of each rank.
// anchors/allgather.c is the same program in C.
import * as mpi from "../../node-mpi/index.js";

const [iterations, bytes] = process.argv.slice(2).map(Number);
const { rank, size } = mpi.init();
const world = mpi.world();
const mine = new Uint8Array(bytes);
const into = new Uint8Array(size * bytes);
const countsBytes = new Int32Array(size).fill(bytes);
let startNs = 0n;
// The first half warms up.
for (let i = 0; i < 2 * iterations; i++) {
  if (i === iterations) {
    world.barrier();
    startNs = process.hrtime.bigint();
  }
  world.allgatherv(mine, into, countsBytes);
}
const us = Number(process.hrtime.bigint() - startNs) / 1e3 / iterations;
mpi.finalize();
if (rank === 0) console.log(us.toFixed(3));
