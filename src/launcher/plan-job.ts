import type { RankMap } from "../rankmap/facts.ts";
import { UcxTransport } from "../rpc/ucx-transport.ts";
import { workloads } from "../workload/registry.ts";
import type { RunConfig } from "./config.ts";
import { type Forecast, forecastRun } from "./forecast.ts";
import { type HostLimits, type PinnedMemory, pinnedMemory } from "./host-limits.ts";
import { joinLine } from "./workload-line.ts";

/** What there is to know of a run before it starts. Plain JSON. */
export interface Plan {
  readonly rankMapHash: string;
  readonly map: RankMap;
  /** Command lines that start it. */
  readonly launch: { readonly mpirun: string; readonly srun: string };
  readonly memory: PinnedMemory;
  /** Addresses that every rank receives at the start. */
  readonly addresses: { readonly ranks: number; readonly bytesEach: number };
  /** Endpoints that one process can come to have; they are made on first use. */
  readonly endpoints: { readonly server: number; readonly client: number };
  /** Null: the target is a plain directory. */
  readonly forecast: Forecast | null;
}

export interface PlannedJob {
  readonly config: RunConfig;
  readonly map: RankMap;
  readonly mapHash: string;
  /** By host. */
  readonly limits: ReadonlyMap<string, HostLimits>;
  /** What follows `run`. */
  readonly argv: readonly string[];
}

/** @returns A plan; opens and closes a UCX worker to see how long its address is on this host. */
export function makePlan({ config, map, mapHash, limits, argv }: PlannedJob): Plan {
  const servers = map.servers.length;
  const clients = map.clients.length;
  // Of the binary trees over all ranks and over all clients: one above and two below.
  const neighbours = 3;
  return {
    rankMapHash: mapHash,
    map,
    launch: launchLines(map, argv),
    memory: pinnedMemory(map, config, limits),
    addresses: { ranks: servers + clients, bytesEach: addressBytes() },
    endpoints: {
      server: servers - 1 + clients,
      client: Math.min(servers + clients - 1, servers + 2 * neighbours),
    },
    forecast: config.target.kind === "posix" ? null : forecastRun(config, workloads, { servers, clients }),
  };
}

function addressBytes(): number {
  const transport = new UcxTransport({
    kind: "private",
    payloadBytes: 4096,
    landingSlots: 1,
    sendSlots: 1,
    rmaSlots: 1,
  });
  const { worker, arenaKey } = transport.address;
  transport.close();
  return worker.length + arenaKey.length;
}

/** Ranks are unbound by the launcher: they bind themselves, by the map. */
function launchLines(map: RankMap, argv: readonly string[]): Plan["launch"] {
  const ranks = map.places.length;
  const hosts = map.hosts.length;
  const counts = new Map<string, number>();
  for (const { host } of map.places) counts.set(host, (counts.get(host) ?? 0) + 1);
  const perHost = new Set(counts.values()).size === 1 ? ranks / hosts : undefined;
  const program = joinLine(["node", ".", "run", ...argv]);
  const mapBy = perHost === undefined || hosts === 1 ? "" : ` --map-by ppr:${perHost}:node`;
  const perNode = perHost === undefined ? "" : ` --ntasks-per-node=${perHost}`;
  return {
    mpirun: `mpirun -n ${ranks}${mapBy} --bind-to none ${program}`,
    srun: `srun --mpi=pmix -N ${hosts} -n ${ranks}${perNode} --cpu-bind=none ${program}`,
  };
}
