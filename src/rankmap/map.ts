import { createHash } from "node:crypto";
import { assert, BenchError } from "../core/errors.ts";
import { type Applicant, placeOnCores } from "./cores.ts";
import type { HostFacts, JobFacts, RankFacts, RankMap, RankPlace, Role } from "./facts.ts";
import type { RankPolicy } from "./policy.ts";
import { decideRoles, type HostRanks } from "./roles.ts";

/**
 * Decides who is what and runs where. Pure: the same facts, in any order, give the same map on every rank.
 * @throws BenchError ERR_CONFIG when the policy does not fit the facts.
 */
export function buildRankMap(facts: JobFacts, policy: RankPolicy): RankMap {
  const ordered = facts.ranks.toSorted((a, b) => a.rank - b.rank);
  for (const [i, { rank }] of ordered.entries()) assert(rank === i, `facts of rank ${i} are there once`);
  const hosts = groupByHost(ordered);
  const roles = decideRoles(hosts, policy);
  const factsOfHost = new Map(facts.hosts.map((host) => [host.host, host]));

  const places: RankPlace[] = new Array(ordered.length);
  const members: Record<Role, number[]> = { server: [], client: [] };
  const remarks = new Remarks();
  let oversubscribed = false;
  for (const [h, ranks] of hosts.entries()) {
    const { host: name } = ranks[0]!;
    const host = factsOfHost.get(name);
    assert(host !== undefined, `facts of host ${name} are there`);
    const seats = seatApplicants(ranks, roles[h]!, host, policy);
    const placed = placeOnCores(host.cores, seats, policy);
    oversubscribed ||= placed.oversubscribed;
    for (const remark of [...placed.remarks, ...hostRemarks(ranks, host, seats, policy)]) remarks.add(remark, name);
    for (const [i, { facts, role, storagePath }] of seats.entries()) {
      const { rank } = facts;
      const { numaNode, cpus } = placed.placements[i]!;
      const index = members[role].push(rank) - 1;
      places[rank] = { rank, host: name, localRank: i, role, index, numaNode, cpus, storagePath };
    }
  }
  const hostNames = hosts.map((ranks) => ranks[0]!.host);
  const { server: servers, client: clients } = members;
  return { places, servers, clients, hosts: hostNames, oversubscribed, remarks: remarks.lines() };
}

/** A server's own folder within a storage path. */
export function rankFolder(rank: number): string {
  return `rank-${rank}`;
}

/** 16 hexadecimal digits that are equal for equal maps: names the map in each result row. */
export function hashRankMap(map: RankMap): string {
  const hash = createHash("sha256");
  for (const { rank, host, localRank, role, index, numaNode, cpus, storagePath } of map.places) {
    hash.update(`${JSON.stringify([rank, host, localRank, role, index, numaNode, cpus, storagePath])}\n`);
  }
  return hash.digest("hex").slice(0, 16);
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

type SeatApplicant = Applicant & { readonly storagePath: string };

/** Storage paths and NICs of a host are dealt to its servers in turn. */
function seatApplicants(
  ranks: HostRanks,
  roles: readonly Role[],
  host: HostFacts,
  policy: RankPolicy,
): SeatApplicant[] {
  let servers = 0;
  return ranks.map((facts, i) => {
    const told = policy.mapFile?.[facts.rank];
    const role = roles[i]!;
    if (role === "client") return { facts, role, nearNode: -1, cpus: told?.cpus, storagePath: "" };
    const server = servers++;
    const { storagePath, numaNode } = storageOf(facts.rank, server, host, told?.storagePath);
    const nic = host.nics[server % host.nics.length];
    const nearNode = { storage: numaNode, nic: nic?.numaNode ?? -1, none: -1 }[policy.near];
    return { facts, role, nearNode, cpus: told?.cpus, storagePath };
  });
}

function storageOf(
  rank: number,
  server: number,
  { host, storagePaths }: HostFacts,
  told: string | undefined,
): { storagePath: string; numaNode: number } {
  assert(storagePaths.length > 0, `${host} has a storage path`);
  const dealt = storagePaths[server % storagePaths.length]!;
  const folder = ({ path }: { path: string }) => `${path}/${rankFolder(rank)}`;
  const found = told === undefined ? dealt : storagePaths.find((path) => folder(path) === told);
  if (found !== undefined) return { storagePath: folder(found), numaNode: found.numaNode };
  const allowed = storagePaths.map(folder).join(" or ");
  throw new BenchError(
    "ERR_CONFIG",
    `--rank-map has rank ${rank} in ${told}, but by --storage it can be in ${allowed}`,
    {
      rank,
    },
  );
}

function hostRemarks(
  ranks: HostRanks,
  host: HostFacts,
  seats: readonly SeatApplicant[],
  { near }: RankPolicy,
): string[] {
  const remarks: string[] = [];
  if (new Set(ranks.map(({ memoryDomain }) => memoryDomain)).size > 1) {
    remarks.push("its ranks are in different containers and cannot share memory");
  }
  const servers = seats.filter(({ role }) => role === "server").length;
  if (servers > 0 && near === "nic" && host.nics.length === 0) {
    remarks.push("the NUMA node of no NIC is known, so that its servers are not near one");
  }
  const idle = host.storagePaths.slice(servers).map(({ path }) => path);
  if (servers > 0 && idle.length > 0) {
    remarks.push(
      `${servers === 1 ? "its only server leaves" : `its ${servers} servers leave`} ${idle.join(", ")} idle`,
    );
  }
  return remarks;
}

/** Hosts named in a remark; large jobs have the same one for most of their hosts. */
const hostsNamed = 3;

class Remarks {
  readonly #hosts = new Map<string, string[]>();

  add(remark: string, host: string): void {
    const hosts = this.#hosts.get(remark);
    if (hosts === undefined) this.#hosts.set(remark, [host]);
    else hosts.push(host);
  }

  /** "h1, h2, h3 and 13 more hosts: 4 ranks on 2 cores". */
  lines(): string[] {
    return [...this.#hosts].map(([remark, hosts]) => {
      const more = hosts.length - hostsNamed;
      const named = hosts.slice(0, hostsNamed).join(", ");
      return `${named}${more > 0 ? ` and ${more} more host${more === 1 ? "" : "s"}` : ""}: ${remark}`;
    });
  }
}
