/** What one rank knows about where it runs; gathered from all ranks, it is all that the rank map is made from. */
export interface RankFacts {
  readonly rank: number;
  readonly host: string;
  /** Differs between machines and between IPC domains: ranks with the same value can share memory. */
  readonly memoryDomain: string;
  /** CPUs that this process may use (cgroup, scheduler, mpirun's binding), by OS index. */
  readonly allowedCpus: readonly number[];
  /** Cores with their processing units and NUMA node, by OS index. */
  readonly cores: readonly { readonly core: number; readonly pus: readonly number[]; readonly numaNode: number }[];
  /** Storage paths offered on this host, and the NUMA node of each one's device (-1: unknown). */
  readonly storagePaths: readonly { readonly path: string; readonly numaNode: number }[];
}

export type Role = "server" | "client";

/** One line of the rank map. */
export interface RankPlace {
  readonly rank: number;
  readonly host: string;
  /** Index among the ranks of this host, by world rank. */
  readonly localRank: number;
  readonly role: Role;
  /** Index among the servers or among the clients. */
  readonly index: number;
  readonly numaNode: number;
  /** CPUs to bind to, by OS index; the allowed ones of the host where ranks outnumber cores. */
  readonly cpus: readonly number[];
  /** A server's own directory; empty for a client. */
  readonly storagePath: string;
}

export interface RankMap {
  readonly places: readonly RankPlace[];
  /** World ranks of the servers and of the clients, by index. */
  readonly servers: readonly number[];
  readonly clients: readonly number[];
  /** Hosts in the order of their first rank. */
  readonly hosts: readonly string[];
  /** Some host has more ranks than cores that they may use. */
  readonly oversubscribed: boolean;
  /** What a reader of the map should know, one sentence each ("h1: 4 ranks on 2 cores"). */
  readonly remarks: readonly string[];
}
