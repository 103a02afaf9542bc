// Any number of ranks: every collective, checked on every rank; rank 0 prints what all of them saw.
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

const counts = Int32Array.from({ length: size }, (_, of) => 2 * of);
const joined = new Uint8Array(size * (size - 1) + 1).fill(7);
world.allgatherv(new Uint8Array(2 * rank).fill(rank), joined, counts);
assert.deepEqual([...joined], [...Array.from(counts, (count, of) => Array(count).fill(of)).flat(), 7]);

const last = size - 1;
const atLast = world.gather(Int16Array.of(rank, -rank), last);
if (rank === last) assert.deepEqual([...new Int16Array(atLast[last].slice().buffer)], [last, 0 - last]);
else assert.equal(atLast, undefined);

const parts = rank === last ? Array.from({ length: size }, (_, of) => text.encode(name(of))) : undefined;
const part = world.scatter(parts, last);
assert.equal(new TextDecoder().decode(part), name(rank));
if (parts) assert.notEqual(part.buffer, parts[rank].buffer);
// In a group of its own nobody waits for a rank whose arguments are wrong.
const alone = world.split(rank, 0);
assert.throws(() => alone.scatter("text", 0), { code: "ERR_INVALID_ARG_TYPE" });
assert.throws(() => alone.scatter([1], 0), { code: "ERR_INVALID_ARG_TYPE" });
assert.throws(() => alone.scatter([], 0), { code: "ERR_OUT_OF_RANGE", message: /one for each of 1 ranks, not 0/ });
const one = new Uint8Array(1);
assert.throws(() => alone.allgatherv(one, one, [1]), { code: "ERR_INVALID_ARG_TYPE" });
assert.throws(() => alone.allgatherv(one, one, Int32Array.of(1, 1)), {
  code: "ERR_OUT_OF_RANGE",
  message: /1 elements/,
});
assert.throws(() => alone.allgatherv(one, one, Int32Array.of(2)), { code: "ERR_OUT_OF_RANGE", message: /not 1/ });
assert.throws(() => alone.allgatherv(one, one.subarray(1), Int32Array.of(1)), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => alone.reduce(new Float64Array(1), "mean", 0), { code: "ERR_OUT_OF_RANGE", message: /^reduce: op/ });
assert.throws(() => alone.reduce(new Float64Array(1), "sum", 1), { code: "ERR_MPI", call: "MPI_Reduce" });
alone.free();

const message = new Float64Array(1000).fill(rank === last ? 0.5 : 0);
world.broadcast(message.subarray(10, 20), last);
assert.equal(
  message.reduce((sum, value) => sum + value),
  rank === last ? 500 : 5,
);

const sums = Float64Array.of(rank, 0.5, -rank);
world.allreduce(sums, "sum");
const total = (size * last) / 2;
assert.deepEqual([...sums], [total, size / 2, -total]);
const least = Int32Array.of(rank - 10);
world.allreduce(least, "min");
const most = Int32Array.of(rank - 10);
world.allreduce(most, "max");
assert.deepEqual([least[0], most[0]], [-10, last - 10]);
for (const op of ["sum", "min", "max"]) {
  const values = Int32Array.of(rank + 1, 0 - rank);
  world.reduce(values, op, last);
  const result = { sum: [total + size, 0 - total], min: [1, 0 - last], max: [size, 0] }[op];
  assert.deepEqual([...values], rank === last ? result : [rank + 1, 0 - rank]);
}

const half = world.split(rank % 2, -rank);
const expected = Array.from({ length: size }, (_, of) => last - of).filter((of) => of % 2 === rank % 2);
assert.deepEqual([half.size, half.rank], [expected.length, expected.indexOf(rank)]);
const members = half.allgather(Uint8Array.of(rank)).map((bytes) => bytes[0]);
assert.deepEqual(members, expected);
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
if (rank === last) {
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
