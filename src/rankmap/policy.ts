import type { Role } from "./facts.ts";

/** What the user decides about roles and cores. Of the first four and the map file, at most one kind is given. */
export interface RankPolicy {
  /** Servers on every node, clients on every node; one follows from the other, both must add up to the node's ranks. */
  readonly serversPerNode?: number;
  readonly clientsPerNode?: number;
  /** On every node one server for so many clients. */
  readonly clientsPerServer?: number;
  /** This many nodes only serve, all others only are clients. */
  readonly dedicatedServers?: number;
  /** What a map file says of each rank, by rank. */
  readonly mapFile?: readonly PlaceInFile[];
  /** "none": ranks stay on all CPUs that they may use. */
  readonly bind: "auto" | "none";
  /** How a node's ranks are dealt to its NUMA nodes: each role evenly, all in turn, or one node after the other. */
  readonly order: "spread" | "cyclic" | "block";
  /** Whose NUMA node a server is bound to, if there is room. */
  readonly near: "storage" | "nic" | "none";
  /** The hardware threads of a core: all for one rank, one for it and the others idle, or a rank for each. */
  readonly smt: "together" | "idle" | "split";
  /** Cores of each node that no rank is bound to: the first ones, where the system has its interrupts. */
  readonly systemCores: number;
}

/** One line of a map file. */
export interface PlaceInFile {
  readonly role: Role;
  /** Where the rank must be running; undefined: anywhere. */
  readonly host?: string;
  /** CPUs to bind to; undefined: as the policy places ranks. */
  readonly cpus?: readonly number[];
  /** A server's directory; undefined: a storage path is dealt to it. */
  readonly storagePath?: string;
}

/** What a job does whose user says nothing. */
export const defaultPolicy: RankPolicy = {
  bind: "auto",
  order: "spread",
  near: "storage",
  smt: "together",
  systemCores: 0,
};
