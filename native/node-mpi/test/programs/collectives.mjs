// Four ranks: every collective, checked on every rank; rank 0 prints what all of them saw.
import assert from "node:assert/strict";
import * as mpi from "../../index.js";

const { rank, size } = mpi.init();
const world = mpi.world();
assert.deepEqual([world.rank, world.size], [rank, size]);

const text = new TextEncoder();
const name = (of) => "x".repeat(of * 3) + (of === 0 ? "" : String(of));

const gathered = world.allgather(text.encode(name(rank)));
assert.deepEqual(
  gathered.map((bytes) => new TextDecoder().decode(bytes)),
  Array.from({ length: size }, (_, of) => name(of)),
);
assert.ok(gathered.every((bytes) => bytes.buffer === gathered[0].buffer));

const atLast = world.gather(Int16Array.of(rank, -rank), size - 1);
if (rank === size - 1) assert.deepEqual([...new Int16Array(atLast[1].slice().buffer)], [1, -1]);
else assert.equal(atLast, undefined);

const message = new Float64Array(1000).fill(rank === 2 ? 0.5 : 0);
world.broadcast(message.subarray(10, 20), 2);
assert.equal(
  message.reduce((sum, value) => sum + value),
  rank === 2 ? 500 : 5,
);

const sums = Float64Array.of(rank, 0.5, -rank);
world.allreduce(sums, "sum");
assert.deepEqual([...sums], [6, 2, -6]);
const least = Int32Array.of(rank - 10);
world.allreduce(least, "min");
const most = Int32Array.of(rank - 10);
world.allreduce(most, "max");
assert.deepEqual([least[0], most[0]], [-10, -7]);

const half = world.split(rank % 2, -rank);
assert.deepEqual([half.size, half.rank], [size / 2, rank < 2 ? 1 : 0]);
const members = half.allgather(Uint8Array.of(rank)).map((bytes) => bytes[0]);
assert.deepEqual(members, rank % 2 === 0 ? [2, 0] : [3, 1]);
half.free();
assert.throws(() => half.barrier(), { code: "ERR_MPI_STATE" });

const host = world.splitShared();
assert.equal(host.size, size);

assert.throws(() => world.broadcast(new Uint8Array(1), size), {
  code: "ERR_MPI",
  call: "MPI_Bcast",
  message: /^MPI_Bcast: .*root/i,
});
assert.throws(() => world.free(), { code: "ERR_MPI_STATE" });

// A rank that leaves the barrier before the last one has come would see a smaller time than that one's arrival.
const arrived = Float64Array.of(Date.now());
if (rank === 1) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  arrived[0] = Date.now();
}
world.barrier();
const left = Date.now();
world.allreduce(arrived, "max");
assert.ok(left >= arrived[0]);

const reports = world.gather(text.encode(JSON.stringify({ rank, launcher: mpi.launcherSize() })), 0);
mpi.finalize();
assert.throws(() => world.barrier(), { code: "ERR_MPI_STATE" });
assert.throws(() => mpi.init(), { code: "ERR_MPI_STATE" });
if (rank === 0) console.log(JSON.stringify(reports.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)))));
