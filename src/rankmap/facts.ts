/** What one rank knows about itself. Small: at 100,000 ranks every rank receives as many of them. */
export interface RankFacts {
  readonly rank: number;
  readonly host: string;
  /** Differs between machines and between IPC domains: ranks with the same value can share memory. */
  readonly memoryDomain: string;
  /** CPUs that this process may use (cgroup, scheduler, mpirun's binding), by OS index, as "0-3,8". */
  readonly allowedCpus: string;
}

/** What the first rank of a host says for all of its ranks. */
export interface HostFacts {
  readonly host: string;
  /** Cores that are online, neighbours beside each other, with their processing units by OS index. */
  readonly cores: readonly CoreFacts[];
  /** Storage paths offered on this host, each with the NUMA node of its device. */
  readonly storagePaths: readonly { readonly path: string; readonly numaNode: number }[];
  /** Network devices whose place is known: the OpenFabrics ones, or where there is none the network interfaces. */
  readonly nics: readonly { readonly name: string; readonly numaNode: number }[];
}

export interface CoreFacts {
  readonly pus: readonly number[];
  /** Where a process on this core has its memory; -1: not known, or memory there is not allowed. */
  readonly numaNode: number;
}

/** All that the rank map is made from. */
export interface JobFacts {
  /** Every rank once, in any order. */
  readonly ranks: readonly RankFacts[];
  /** Every host of a rank, in any order. */
  readonly hosts: readonly HostFacts[];
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
  /** CPUs to bind to, by OS index, ascending; all that the rank may use where ranks outnumber cores. */
  readonly cpus: readonly number[];
  /** A server's own directory; empty for a client. */
  readonly storagePath: string;
}

/** What a rank found out about itself after it had bound itself to its place. Plain JSON. */
export interface Whereabouts {
  /** CPUs that the kernel lets it run on, as "0-3,8". */
  readonly cpus: string;
  /** NUMA node and bytes of its arena there; empty where the kernel does not tell. */
  readonly arenaBytes: readonly (readonly [number, number])[];
  /** Part of its arena that is on its NUMA node, 0 to 1; null where one of them is not known. */
  readonly localShare: number | null;
  /** What is not as the map says, one sentence each. */
  readonly remarks: readonly string[];
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
  /** Where the map falls short of what was asked for, one sentence each ("h1: 4 ranks on 2 cores"). */
  readonly remarks: readonly string[];
}
