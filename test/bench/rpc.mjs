// An even number of ranks under mpirun: each odd rank calls the rank before it through the RPC layer (promises,
// dispatch, deadlines) and prints one line of JSON with a figure per round.
//   mpirun -n 2 node test/bench/rpc.mjs [rounds] [calls per round]
import { PerformanceObserver } from "node:perf_hooks";
import * as mpi from "node-mpi";
import { automaticTimes, Reactor } from "../../dist/reactor/reactor.js";
import { operations } from "../../dist/rpc/operations.js";
import { Collectives } from "../../dist/rpc/tree-group.js";
import { UcxRpc } from "../../dist/rpc/ucx-rpc.js";
import { UcxTransport } from "../../dist/rpc/ucx-transport.js";

const [rounds = 3, callsPerRound = 500_000] = process.argv.slice(2).map(Number);
const window = 32;

const { rank, size } = mpi.init();
const transport = new UcxTransport({
  kind: rank % 2 === 0 ? "shared" : "private",
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

let longestPauseMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestPauseMs = Math.max(longestPauseMs, duration);
}).observe({ entryTypes: ["gc"] });

const peer = rank - 1;
const roundTrips = async () => {
  const start = performance.now();
  for (let i = 0; i < callsPerRound; i++) await rpc.call(operations.ping, peer, {});
  return ((performance.now() - start) * 1000) / callsPerRound;
};
const rate = async () => {
  const start = performance.now();
  let issued = 0;
  const lane = async () => {
    while (issued++ < callsPerRound) await rpc.call(operations.ping, peer, {});
  };
  await Promise.all(Array.from({ length: window }, lane));
  return callsPerRound / ((performance.now() - start) / 1000);
};

const figures = { roundTripUs: [], callsPerSecond: [], heapBytes: [] };
for (let round = 0; round <= rounds; round++) {
  await world.barrier();
  if (rank % 2 === 0) continue;
  const roundTripUs = await roundTrips();
  const callsPerSecond = await rate();
  if (round === 0)
    longestPauseMs = 0; // Warm-up: compiling, growing the young generation.
  else {
    figures.roundTripUs.push(roundTripUs);
    figures.callsPerSecond.push(callsPerSecond);
    figures.heapBytes.push(process.memoryUsage().heapUsed);
  }
}
await world.barrier();
if (rank % 2 === 1) console.log(JSON.stringify({ ...figures, longestPauseMs }));
await transport.flush();
reactor.stop();
rpc.close();
transport.close();
process.exit(0);
