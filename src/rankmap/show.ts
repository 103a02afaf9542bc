import { createRequire } from "node:module";
import type Table from "cli-table3";
import { showCpus } from "./cpu-list.ts";
import type { RankMap, RankPlace, Whereabouts } from "./facts.ts";

interface RankColumn<Row> {
  readonly name: string;
  readonly unit: string;
  readonly about: string;
  value(row: Row): string | number | undefined;
}

/** The rank map as a table, with what a map file takes. */
export const rankMapColumns: readonly RankColumn<RankPlace>[] = [
  { name: "rank", unit: "", about: "World rank.", value: (place) => place.rank },
  { name: "host", unit: "", about: "Host name.", value: (place) => place.host },
  { name: "local_rank", unit: "", about: "Index among the ranks of the host.", value: (place) => place.localRank },
  { name: "role", unit: "", about: "server or client.", value: (place) => place.role },
  { name: "index", unit: "", about: "Index among the servers or the clients.", value: (place) => place.index },
  { name: "numa_node", unit: "", about: "NUMA node; -1: several, or not known.", value: (place) => place.numaNode },
  { name: "cpus", unit: "", about: "CPUs that it is bound to, as 0-3,8.", value: (place) => showCpus(place.cpus) },
  { name: "storage_path", unit: "", about: "Folder of a server; empty for a client.", value: (p) => p.storagePath },
];

/** A line of a run's rankmap.csv. */
export interface LocatedRank {
  readonly place: RankPlace;
  readonly found: Whereabouts;
}

/** Columns of rankmap.csv: where each rank was to be, and where it was. */
export const locatedRankColumns: readonly RankColumn<LocatedRank>[] = [
  ...rankMapColumns.map(({ value, ...column }) => ({ ...column, value: ({ place }: LocatedRank) => value(place) })),
  { name: "bound_cpus", unit: "", about: "CPUs that the kernel let it run on.", value: ({ found }) => found.cpus },
  {
    name: "arena_bytes",
    unit: "bytes",
    about: "Its pinned memory on each NUMA node, as 0:67108864 1:4096; empty where the kernel does not tell.",
    value: ({ found }) => found.arenaBytes.map(([node, bytes]) => `${node}:${bytes}`).join(" "),
  },
  {
    name: "local_share",
    unit: "",
    about: "Part of that on its own NUMA node, 0 to 1; empty where one of them is not known.",
    value: ({ found }) => found.localShare ?? undefined,
  },
  {
    name: "deviations",
    unit: "",
    about: "What is not as the map says, and why; empty if nothing.",
    value: ({ found }) => found.remarks.join("; "),
  },
];

/** Up to this many ranks each have a line of their own on the screen. */
const lineForEachRank = 32;

/** The map as a table for the screen: a line for each rank, or for many ranks one for each host, and the remarks. */
export function showRankMap(map: RankMap): string {
  const [head, rows] = map.places.length <= lineForEachRank ? ranksTable(map) : hostsTable(map);
  const TableClass: typeof Table = createRequire(import.meta.url)("cli-table3");
  const table = new TableClass({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return [table.toString(), ...map.remarks.map((remark) => `Note: ${remark}`)].join("\n");
}

function ranksTable(map: RankMap): [string[], string[][]] {
  const rows = map.places.map((place) => [
    ...[String(place.rank), place.host, `${place.role} ${place.index}`],
    ...[place.numaNode < 0 ? "" : String(place.numaNode), showCpus(place.cpus), place.storagePath],
  ]);
  return [["rank", "host", "role", "NUMA node", "CPUs", "storage"], rows];
}

function hostsTable(map: RankMap): [string[], string[][]] {
  const byHost = new Map<string, RankPlace[]>(map.hosts.map((host) => [host, []]));
  for (const place of map.places) byHost.get(place.host)!.push(place);
  const rows = map.hosts.map((host) => {
    const places = byHost.get(host)!;
    const servers = places.filter(({ role }) => role === "server").length;
    const cpus = [...new Set(places.flatMap(({ cpus }) => cpus))].sort((a, b) => a - b);
    return [host, String(servers), String(places.length - servers), showCpus(cpus)];
  });
  return [["host", "servers", "clients", "CPUs"], rows];
}
