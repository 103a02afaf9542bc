/**
 * Talks to single servers, for nothing but to measure that; `server` is an index. A call that fails rejects with a
 * BenchError ERR_WORKLOAD. A buffer belongs to the call until its promise settles.
 */
export interface ServerProbe {
  readonly servers: number;
  /** `count` empty requests, each after the answer to the one before. */
  ping(server: number, count: number): Promise<void>;
  /** The bytes, up to 4 MiB, go there and come back: in messages where they fit, otherwise the server moves them. */
  echo(server: number, bytes: Uint8Array): Promise<void>;
  /** The server fetches the bytes, 1 to 4 MiB of them. */
  take(server: number, bytes: Uint8Array): Promise<void>;
  /** The server fills the bytes, 1 to 4 MiB of them, with something. */
  give(server: number, bytes: Uint8Array): Promise<void>;
}
