import { BenchError } from "../core/errors.ts";
import { serversMax } from "../core/limits.ts";
import type { RankFacts, Role } from "./facts.ts";
import type { RankPolicy } from "./policy.ts";

/** Ranks of one host, in the order of world ranks. */
export type HostRanks = readonly RankFacts[];

/**
 * Who is a server: on each host the first ranks, as many as the policy says, or those that the map file names.
 * @param hosts In the order of their first rank.
 * @returns A role for each rank of each host.
 * @throws BenchError ERR_CONFIG when the policy does not fit these ranks, or leaves no client.
 */
export function decideRoles(hosts: readonly HostRanks[], policy: RankPolicy): Role[][] {
  const ranks = hosts.reduce((sum, host) => sum + host.length, 0);
  const job = `${count(ranks, "rank")} on ${count(hosts.length, "node")}`;
  const refuse = (message: string): never => {
    throw new BenchError("ERR_CONFIG", message, { ranks, hosts: hosts.length });
  };
  const { dedicatedServers, mapFile } = policy;
  if (mapFile !== undefined) checkMapFile(hosts, mapFile, ranks);
  if (dedicatedServers !== undefined && dedicatedServers >= hosts.length) {
    refuse(`--dedicated-servers ${dedicatedServers} leaves no node for clients: the job has ${job}`);
  }
  const roles = hosts.map((host, i) => rolesOfHost(host, i, policy));
  const servers = roles.flat().filter((role) => role === "server").length;
  if (servers > serversMax) refuse(`${servers} servers are asked for, but there can be ${serversMax}`);
  if (servers === 0) refuse(`${job} make no server: one rank at least has to serve`);
  if (servers === ranks) refuse(`${job} make ${count(servers, "server")} and no client: ${advice(hosts, policy)}`);
  return roles;
}

function rolesOfHost(host: HostRanks, index: number, policy: RankPolicy): Role[] {
  const { mapFile } = policy;
  if (mapFile !== undefined) return host.map(({ rank }) => mapFile[rank]!.role);
  const servers = serversOf(host, index, policy);
  return host.map((_, i) => (i < servers ? "server" : "client"));
}

function serversOf(host: HostRanks, index: number, policy: RankPolicy): number {
  const ranks = host.length;
  const { dedicatedServers, clientsPerServer, serversPerNode, clientsPerNode } = policy;
  if (dedicatedServers !== undefined) return index < dedicatedServers ? ranks : 0;
  if (clientsPerServer !== undefined) return Math.max(1, Math.floor(ranks / (1 + clientsPerServer)));
  const asked = serversPerNode ?? (clientsPerNode === undefined ? undefined : ranks - clientsPerNode);
  if (asked === undefined) return Math.max(1, Math.floor(ranks / 2));
  const wrong = (option: string, problem: string) =>
    new BenchError("ERR_CONFIG", `${option}: ${host[0]!.host} has ${problem}`, { host: host[0]!.host });
  if (serversPerNode !== undefined && serversPerNode > ranks) {
    throw wrong(`--servers-per-node ${serversPerNode}`, `only ${count(ranks, "rank")}`);
  }
  if (clientsPerNode !== undefined && asked + clientsPerNode !== ranks) {
    throw wrong(`--servers-per-node ${serversPerNode} and --clients-per-node ${clientsPerNode}`, count(ranks, "rank"));
  }
  if (asked < 0) throw wrong(`--clients-per-node ${clientsPerNode}`, `only ${count(ranks, "rank")}`);
  return asked;
}

function checkMapFile(hosts: readonly HostRanks[], mapFile: NonNullable<RankPolicy["mapFile"]>, ranks: number): void {
  if (mapFile.length !== ranks) {
    throw new BenchError("ERR_CONFIG", `--rank-map has ${count(mapFile.length, "rank")}, but the job has ${ranks}`);
  }
  for (const { rank, host } of hosts.flat()) {
    const expected = mapFile[rank]!.host;
    if (expected === undefined || expected === host) continue;
    const message = `--rank-map has rank ${rank} on ${expected}, but it runs on ${host}: leave the column host out to allow that`;
    throw new BenchError("ERR_CONFIG", message, { rank });
  }
}

function advice(hosts: readonly HostRanks[], { serversPerNode }: RankPolicy): string {
  if (hosts.length > 1) return "start more ranks, or take --dedicated-servers 1";
  return serversPerNode === undefined ? "start more ranks" : "start more ranks or fewer servers";
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
