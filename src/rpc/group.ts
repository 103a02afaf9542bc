/**
 * Some ranks that act together. Every member calls the same methods in the same order; member 0 is the root.
 * A call rejects with `ERR_PEER_LOST` as soon as a member is known to be dead, never waits for one.
 * (Over UCX it is tree-shaped; a group of one needs nobody.)
 */
export interface Group {
  /** This member's index, 0 to size - 1. */
  readonly index: number;
  readonly size: number;
  barrier(): Promise<void>;
  /** The root receives every member's bytes in the order of the members, any length each; others receive undefined. */
  gather(bytes: Uint8Array): Promise<Uint8Array[] | undefined>;
  /** Every member receives the root's bytes; what others pass is ignored. */
  broadcast(bytes?: Uint8Array): Promise<Uint8Array>;
}

/** The group of a process alone, for a job of one client and for programs outside of a job. */
export const soloGroup: Group = {
  index: 0,
  size: 1,
  barrier: () => Promise.resolve(),
  gather: (bytes) => Promise.resolve([bytes]),
  broadcast: (bytes) => Promise.resolve(bytes ?? new Uint8Array(0)),
};
