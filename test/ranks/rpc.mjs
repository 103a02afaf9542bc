// Run under mpirun by rpc.test.ts: every rank takes part, rank 1 prints what it saw as one line of JSON.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as mpi from "node-mpi";
import { automaticTimes, Reactor } from "../../dist/reactor/reactor.js";
import { operations } from "../../dist/rpc/operations.js";
import { Collectives } from "../../dist/rpc/tree-group.js";
import { UcxRpc } from "../../dist/rpc/ucx-rpc.js";
import { UcxTransport } from "../../dist/rpc/ucx-transport.js";

const { rank, size } = mpi.init();
const payloadBytes = 16 * 1024 * 1024;
const transport = new UcxTransport({
  kind: rank === 0 ? "private" : "shared",
  payloadBytes,
  landingSlots: 8, // Few, so that messages have to wait for one.
  sendSlots: 8,
  rmaSlots: 4,
});
const { worker, arenaKey } = transport.address;
const workers = mpi.world().allgather(worker);
const keys = mpi.world().allgather(arenaKey);
transport.setPeers(workers.map((peer, i) => ({ worker: peer, arenaKey: keys[i] })));
mpi.finalize();

const rpc = new UcxRpc(transport, { rank, callSlots: 64, deadlineMs: 20_000 });
const ranks = Array.from({ length: size }, (_, i) => i);
const world = new Collectives(rpc).group(0, ranks);
const reactor = new Reactor([transport], automaticTimes(true));

// An echo that answers later, in another order; the directory number says for how long it holds the request.
rpc.serve(operations.readDirectory, ({ directory }, incoming) => {
  const answer = () => {
    incoming.replyBuffer().set(incoming.payload);
    incoming.respond({ entries: rank, more: 0 }, incoming.payload.length);
  };
  if (directory === 0) answer();
  else setTimeout(answer, directory);
});
rpc.serve(operations.flush, () => {}); // Never answers.
rpc.serve(operations.ping, () => process.kill(process.pid, "SIGKILL"));
reactor.start();

const seen = {};

/** Payloads of every size class come back whole, whatever the order of the answers. */
async function echoes() {
  const sizes = [0, 1, 63, 64, 4096, 8192, 8193, 16383, 16384];
  let wrong = 0;
  await Promise.all(
    Array.from({ length: 500 }, async (_, i) => {
      const payload = Buffer.alloc(sizes[i % sizes.length], i);
      let back = Buffer.alloc(0);
      const reply = await rpc.call(
        operations.readDirectory,
        0,
        { directory: i % 7 === 0 ? 1 : 0 },
        {
          payload,
          onPayload: (bytes) => {
            back = Buffer.from(bytes);
          },
        },
      );
      if (reply.status !== 0 || reply.entries !== 0 || !back.equals(payload)) wrong++;
    }),
  );
  return wrong;
}

/** What is put is what is got, at offsets and sizes around every protocol switch, several at a time. */
async function remoteMemory() {
  const own = transport.arena;
  const base = transport.payloadOffset;
  let wrong = 0;
  for (const bytes of [1, 8, 4095, 65_536, 4 * 1024 * 1024]) {
    const slots = [0, 1, 2].map((i) => base + i * bytes);
    for (const [i, at] of slots.entries()) own.fill(i + bytes, at, at + bytes);
    const before = slots.map((at) => hashOf(own.subarray(at, at + bytes)));
    const put = await Promise.all(slots.map((at) => transport.put(0, at, at, bytes)));
    own.fill(0, base, base + 3 * bytes);
    const got = await Promise.all(slots.map((at) => transport.get(0, at, at, bytes)));
    const after = slots.map((at) => hashOf(own.subarray(at, at + bytes)));
    if ([...put, ...got].some((status) => status !== 0) || before.join() !== after.join()) wrong++;
  }
  return wrong;
}

function hashOf(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

await world.barrier();
const gathered = await world.gather(Buffer.alloc(40_000 + rank, rank));
const broadcast = await world.broadcast(rank === 0 ? Buffer.alloc(50_000, 7) : undefined);
seen.broadcast = broadcast.length === 50_000 && broadcast.every((byte) => byte === 7);
if (rank === 0) {
  const whole = gathered.every((bytes, i) => bytes.length === 40_000 + i && bytes.every((byte) => byte === i));
  if (!whole || gathered.length !== size) throw new Error("a gather lost something");
}
if (rank === 1) {
  seen.wrongEchoes = await echoes();
  seen.wrongCopies = await remoteMemory();
  seen.outOfBounds = await transport.put(0, transport.arena.length, transport.payloadOffset, 8);
  seen.unknown = (await rpc.call(operations.lookup, 0, { parent: 0 })).status;
  seen.late = (await rpc.call(operations.flush, 0, {}, { deadlineMs: 300 })).status;
  seen.transport = transport.describe(0);
}
await world.barrier();

if (rank === 1) {
  // The other end kills itself on a ping: what is in flight ends, what comes later is refused at once.
  const lost = new Promise((resolve) => rpc.onPeerLost(resolve));
  const inFlight = rpc.call(operations.flush, 0, {});
  const start = performance.now();
  seen.killed = (await rpc.call(operations.ping, 0, {})).status;
  seen.inFlight = (await inFlight).status;
  seen.lostPeer = await lost;
  seen.noticedInMs = performance.now() - start;
  seen.afterwards = (await rpc.call(operations.ping, 0, {})).status;
  seen.putAfterwards = await transport.put(0, transport.payloadOffset, transport.payloadOffset, 8);
  console.log(JSON.stringify(seen));
} else {
  await sleep(1500);
}
reactor.stop();
rpc.close();
transport.close();
process.exit(0);
