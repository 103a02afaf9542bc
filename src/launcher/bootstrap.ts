import { existsSync } from "node:fs";
import type { RankMap, RankPlace, Whereabouts } from "../rankmap/facts.ts";
import { UcxTransport } from "../rpc/ucx-transport.ts";
import { agreeOnMap } from "./agree-on-map.ts";
import { arenaBytes, landingSlots, payloadBytes, sendSlots } from "./arena-bytes.ts";
import { bindToPlace, lookAround } from "./binding.ts";
import type { RunConfig } from "./config.ts";
import { allgather, exchange, joinJob, leaveJob } from "./mpi.ts";
import { checkMemlock, checkSharedMemory } from "./preflight.ts";

/** What a rank has once MPI is behind it. */
export interface Bootstrapped {
  readonly config: RunConfig;
  readonly place: RankPlace;
  readonly map: RankMap;
  readonly mapHash: string;
  readonly build: string;
  readonly transport: UcxTransport;
  /** Storage paths that were not there on this host before the job: the job's to make, and to remove. */
  readonly newStoragePaths: readonly string[];
  /** Where each rank really is, by rank. */
  readonly whereabouts: readonly Whereabouts[];
}

const rmaSlots = 256;

/**
 * From MPI_Init to MPI_Finalize: agree on configuration, build and rank map, bind, allocate, exchange addresses.
 * MPI carries nothing after it. Blocks. What goes wrong on one rank is thrown on all.
 *
 * @param makeConfig Reads and checks the configuration; called on rank 0 alone.
 * @throws BenchError The first failure by rank, the same on every rank.
 */
export function bootstrap(makeConfig: () => RunConfig): Bootstrapped {
  const { rank } = joinJob();
  try {
    const config = exchange(() => (rank === 0 ? makeConfig() : null))[0]!;
    // No rank makes one before all have looked, which the next exchange sees to.
    const newStoragePaths = config.storagePaths.filter((path) => !existsSync(path));
    const { map, mapHash, build } = agreeOnMap(rank, config);
    const place = map.places[rank]!;

    // Bind first: memory lies on the NUMA node of the process that first touches it.
    const refusals = config.bind === "auto" ? bindToPlace(place) : [];
    exchange(() => checkMemory(place, map, config));
    const transport = makeTransport(place, config);
    const whereabouts = exchange(() => lookAround(place, transport.arena, refusals));
    exchangeAddresses(transport);
    return { config, place, map, mapHash, build, transport, newStoragePaths, whereabouts };
  } finally {
    leaveJob();
  }
}

/** Tells every rank of every other one how UCX reaches it. Collective over MPI; blocks. */
export function exchangeAddresses(transport: UcxTransport): void {
  const { worker, arenaKey } = transport.address;
  const workers = allgather(worker);
  const arenaKeys = allgather(arenaKey);
  transport.setPeers(workers.map((peer, i) => ({ worker: peer, arenaKey: arenaKeys[i]! })));
}

function checkMemory(place: RankPlace, map: RankMap, config: RunConfig): void {
  checkMemlock(arenaBytes(place.role, config));
  if (place.localRank !== 0) return;
  const clients = map.places.filter(({ host, role }) => host === place.host && role === "client");
  checkSharedMemory(clients.reduce((bytes, client) => bytes + arenaBytes(client.role, config), 0));
}

function makeTransport(place: RankPlace, config: RunConfig): UcxTransport {
  return new UcxTransport({
    // Servers on the host reach a client's buffers in place. A server's own are for peers on other hosts, and for
    // small payloads: huge pages are worth more there.
    kind: place.role === "client" ? "shared" : "private",
    payloadBytes: payloadBytes(place.role, config),
    landingSlots: landingSlots[place.role],
    sendSlots: sendSlots[place.role],
    rmaSlots,
  });
}
