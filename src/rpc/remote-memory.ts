/**
 * What a process can do with the arenas of its peers: one-sided transfers between the arena of this process and the arena of a peer, without work of the peer's code.
 * Offsets are byte offsets into the two arenas. Both methods resolve with 0 or a negative errno and never reject;
 * the local range must stay as it is until then. Nothing orders a transfer against messages: await it first.
 */
export interface RemoteMemory {
  /** Local to remote. When it resolves with 0 the data is visible to the peer. */
  put(peer: number, remoteOffset: number, localOffset: number, bytes: number): Promise<number>;
  /** Remote to local. */
  get(peer: number, remoteOffset: number, localOffset: number, bytes: number): Promise<number>;
  /**
   * The peer's arena in place, where the transport offers that: for work that moves bytes between it and something
   * other than the own arena. It stays mapped when the peer dies. The same object each time, or undefined.
   */
  map(peer: number): Uint8Array | undefined;
}
