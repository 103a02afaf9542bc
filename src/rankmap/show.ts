import { createRequire } from "node:module";
import type Table from "cli-table3";
import { showCpus } from "./cpu-list.ts";
import type { RankMap, RankPlace } from "./facts.ts";

/** Columns of rankmap.csv. */
export const rankMapColumns: readonly {
  name: string;
  unit: string;
  about: string;
  value(row: RankPlace): string | number;
}[] = [
  { name: "rank", unit: "", about: "World rank.", value: (place) => place.rank },
  { name: "host", unit: "", about: "Host name.", value: (place) => place.host },
  { name: "local_rank", unit: "", about: "Index among the ranks of the host.", value: (place) => place.localRank },
  { name: "role", unit: "", about: "server or client.", value: (place) => place.role },
  { name: "index", unit: "", about: "Index among the servers or the clients.", value: (place) => place.index },
  { name: "numa_node", unit: "", about: "NUMA node; -1: several, or not known.", value: (place) => place.numaNode },
  { name: "cpus", unit: "", about: "CPUs that it is bound to, as 0-3,8.", value: (place) => showCpus(place.cpus) },
  { name: "storage_path", unit: "", about: "Folder of a server; empty for a client.", value: (p) => p.storagePath },
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
