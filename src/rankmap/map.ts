import { createHash } from "node:crypto";
import { assert, BenchError } from "../core/errors.ts";
import { serversMax } from "../core/limits.ts";
import { placeOnCores } from "./cores.ts";
import type { RankFacts, RankMap, RankPlace, Role } from "./facts.ts";

/** What the user decides about roles and cores. */
export interface RankPolicy {
  /** Servers on every node; without it, and without the other, half of the node's ranks, at least one. */
  readonly serversPerNode?: number;
  /** This many nodes only serve, all others only are clients; then `serversPerNode` does not count. */
  readonly dedicatedServers?: number;
  /** "none": ranks stay on all CPUs that they may use. */
  readonly bind: "auto" | "none";
}

interface Host {
  readonly name: string;
  /** In the order of world ranks. */
  readonly ranks: readonly RankFacts[];
  /** The first so many of them are servers. */
  readonly servers: number;
}

/**
 * Decides who is what and runs where: on each host the first ranks are servers, and each rank has a core of its own
 * where there are enough. Pure: the same facts, in any order, give the same map on every rank.
 * @param facts Of every rank, once.
 * @throws BenchError ERR_CONFIG when the policy leaves no client, or asks for more servers than there are ranks.
 */
export function buildRankMap(facts: readonly RankFacts[], policy: RankPolicy): RankMap {
  const ordered = facts.toSorted((a, b) => a.rank - b.rank);
  for (const [i, { rank }] of ordered.entries()) assert(rank === i, `facts of rank ${i} are there once`);
  const hosts = groupByHost(ordered).map((ranks, i): Host => {
    return { name: ranks[0]!.host, ranks, servers: countServers(ranks.length, i, policy) };
  });
  checkRoles(hosts, ordered.length, policy);

  const places: RankPlace[] = [];
  const members: Record<Role, number[]> = { server: [], client: [] };
  const remarks: string[] = [];
  let oversubscribed = false;
  for (const host of hosts) {
    const seats = host.ranks.map((facts, i) => {
      const role: Role = i < host.servers ? "server" : "client";
      const storage = role === "server" ? dealtPath(facts, i) : undefined;
      return { facts, role, storage, nearNode: storage?.numaNode ?? -1 };
    });
    const cores = placeOnCores(seats, policy.bind);
    oversubscribed ||= cores.shortage !== undefined;
    if (cores.shortage !== undefined) remarks.push(`${host.name}: ${cores.shortage}`);
    if (new Set(host.ranks.map(({ memoryDomain }) => memoryDomain)).size > 1) {
      remarks.push(`${host.name}: its ranks are in different containers and cannot share memory`);
    }
    seats.forEach(({ facts: { rank }, role, storage }, i) => {
      places[rank] = {
        rank,
        host: host.name,
        localRank: i,
        role,
        index: members[role].push(rank) - 1,
        ...cores.placements[i]!,
        storagePath: storage === undefined ? "" : `${storage.path}/${rankFolder(rank)}`,
      };
    });
  }
  return {
    places,
    servers: members.server,
    clients: members.client,
    hosts: hosts.map(({ name }) => name),
    oversubscribed,
    remarks,
  };
}

/** A server's own folder within a storage path. */
export function rankFolder(rank: number): string {
  return `rank-${rank}`;
}

/** 16 hexadecimal digits that are equal for equal maps: names the map in each result row. */
export function hashRankMap(map: RankMap): string {
  const rows = map.places.map((place) => [
    ...[place.rank, place.host, place.localRank, place.role, place.index],
    ...[place.numaNode, place.cpus, place.storagePath],
  ]);
  return createHash("sha256").update(JSON.stringify(rows)).digest("hex").slice(0, 16);
}

function groupByHost(facts: readonly RankFacts[]): RankFacts[][] {
  const hosts = new Map<string, RankFacts[]>();
  for (const rank of facts) {
    const ranks = hosts.get(rank.host);
    if (ranks === undefined) hosts.set(rank.host, [rank]);
    else ranks.push(rank);
  }
  return [...hosts.values()];
}

function countServers(ranks: number, hostIndex: number, { dedicatedServers, serversPerNode }: RankPolicy): number {
  if (dedicatedServers !== undefined) return hostIndex < dedicatedServers ? ranks : 0;
  return serversPerNode ?? Math.max(1, Math.floor(ranks / 2));
}

function checkRoles(hosts: readonly Host[], ranks: number, { dedicatedServers, serversPerNode }: RankPolicy): void {
  const refuse = (message: string): never => {
    throw new BenchError("ERR_CONFIG", message, { ranks, hosts: hosts.length });
  };
  const job = `${count(ranks, "rank")} on ${count(hosts.length, "node")}`;
  if (dedicatedServers !== undefined && dedicatedServers >= hosts.length) {
    refuse(`--dedicated-servers ${dedicatedServers} leaves no node for clients: the job has ${job}`);
  }
  for (const host of hosts) {
    if (host.servers <= host.ranks.length) continue;
    refuse(`--servers-per-node ${serversPerNode}: ${host.name} has only ${count(host.ranks.length, "rank")}`);
  }
  const servers = hosts.reduce((sum, host) => sum + host.servers, 0);
  if (servers > serversMax) refuse(`${servers} servers are asked for, but there can be ${serversMax}`);
  if (servers < ranks) return;
  refuse(
    `${job} make ${count(servers, "server")} and no client: start more ranks` +
      (hosts.length > 1 ? ", or take --dedicated-servers 1" : serversPerNode === undefined ? "" : " or fewer servers"),
  );
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The storage paths of a node are dealt to its servers in turn. */
function dealtPath({ storagePaths, rank }: RankFacts, server: number): { path: string; numaNode: number } {
  assert(storagePaths.length > 0, `rank ${rank} has a storage path`);
  return storagePaths[server % storagePaths.length]!;
}
