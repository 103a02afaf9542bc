// Any number of ranks: messages around a ring, from anybody, of any tag, too long, of no length, to nobody.
import assert from "node:assert/strict";
import * as mpi from "../../index.js";

const { rank, size } = mpi.init();
const world = mpi.world();
const next = (rank + 1) % size;
const previous = (rank + size - 1) % size;
const { anySource, anyTag } = mpi;
const byte = new Uint8Array(1);

// A rank alone has nobody to write to: a blocking message to itself may wait for ever.
if (size > 1) exchange();

assert.throws(() => world.send(byte, size, 0), { code: "ERR_MPI", call: "MPI_Send", message: /rank/i });
assert.throws(() => world.receive(byte, size, 0), { code: "ERR_MPI", call: "MPI_Recv" });
assert.throws(() => world.send(byte, next, -1), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => world.send(byte, anySource, 0), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => world.receive(byte, -2, 0), { code: "ERR_OUT_OF_RANGE" });
assert.throws(() => world.receive("text", 0, 0), { code: "ERR_INVALID_ARG_TYPE" });

mpi.finalize();
if (rank === 0) console.log("done");

function exchange() {
  // Short messages to others are buffered, so every rank may send first.
  world.send(Float64Array.of(rank, 0.5), next, 7);
  const into = new Float64Array(4).fill(-1);
  assert.deepEqual(world.receive(into.subarray(1), previous, 7), { source: previous, tag: 7, countBytes: 16 });
  assert.deepEqual([...into], [-1, previous, 0.5, -1]);

  // A tag that is asked for overtakes one that is not; without a wish the order is the sender's.
  for (const tag of [1, 2, 3]) world.send(Uint8Array.of(tag), next, tag);
  const order = [2, anyTag, anyTag].map((tag) => {
    const received = world.receive(byte, previous, tag);
    assert.equal(byte[0], received.tag);
    return received.tag;
  });
  assert.deepEqual(order, [2, 1, 3]);

  world.send(new ArrayBuffer(0), next, 0);
  assert.deepEqual(world.receive(new ArrayBuffer(0), anySource, 0), { source: previous, tag: 0, countBytes: 0 });

  // Rank 0 learns from whom each message came.
  if (rank > 0) world.send(Int32Array.of(rank), 0, 100 + rank);
  else {
    const value = new Int32Array(1);
    const sources = Array.from({ length: size - 1 }, () => {
      const received = world.receive(value, anySource, anyTag);
      assert.deepEqual(received, { source: value[0], tag: 100 + value[0], countBytes: 4 });
      return received.source;
    });
    assert.deepEqual(
      sources.sort((a, b) => a - b),
      Array.from({ length: size - 1 }, (_, of) => of + 1),
    );
  }
  world.barrier();

  // Long messages are not buffered: even ranks send first, odd ones receive.
  {
    const sent = new Uint8Array(4 << 20).fill(rank + 1);
    const received = new Uint8Array(sent.length);
    const partner = rank ^ 1;
    if (rank < partner) world.send(sent, partner, 5);
    assert.equal(world.receive(received, partner, 5).countBytes, sent.length);
    if (rank > partner) world.send(sent, partner, 5);
    assert.ok(received.every((value) => value === partner + 1));
  }

  world.send(new Uint8Array(8), next, 9);
  assert.throws(() => world.receive(new Uint8Array(7), previous, 9), {
    code: "ERR_MPI",
    call: "MPI_Recv",
    message: /^MPI_Recv: .*trunc/i,
  });
}
