// No launcher: a job of one.
import assert from "node:assert/strict";
import * as mpi from "../../index.js";

assert.equal(mpi.initialized(), false);
assert.throws(() => mpi.world(), { code: "ERR_MPI_STATE", message: /not initialized/ });
assert.throws(() => mpi.finalize(), { code: "ERR_MPI_STATE" });
assert.throws(() => mpi.processorName(), { code: "ERR_MPI_STATE" });
assert.deepEqual(mpi.init(), { rank: 0, size: 1 });
assert.throws(() => mpi.init(), { code: "ERR_MPI_STATE" });
assert.deepEqual([mpi.initialized(), mpi.finalized()], [true, false]);
assert.ok(mpi.processorName().length > 0);

const world = mpi.world();
const bytes = Uint8Array.of(1, 2, 3);
const [copy] = world.allgather(bytes);
assert.deepEqual(copy, bytes);
copy[0] = 9;
assert.equal(bytes[0], 1);
assert.deepEqual(world.allgather(new ArrayBuffer(0)), [new Uint8Array(0)]);

assert.throws(() => world.broadcast("text", 0), { code: "ERR_INVALID_ARG_TYPE" });
assert.throws(() => world.broadcast(bytes, -1), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => world.allreduce(bytes, "sum"), { code: "ERR_INVALID_ARG_TYPE" });
assert.throws(() => world.allreduce(new Float64Array(1), "mean"), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => world.split(-1, 0), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => mpi.abort(0), { code: "ERR_OUT_OF_RANGE" });

mpi.finalize();
assert.deepEqual([mpi.initialized(), mpi.finalized()], [true, true]);
assert.throws(() => mpi.world(), { code: "ERR_MPI_STATE", message: /finalized/ });
console.log(JSON.stringify({ launcher: mpi.launcherSize() ?? null }));
