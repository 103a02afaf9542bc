/**
 * What an acknowledged `sync` or `close` is worth. `memory`: nothing outlives the server process; `pagecache`: written,
 * survives the process; `device`: flushed to the device.
 */
export type Durability = "memory" | "pagecache" | "device";

/**
 * Where a server keeps the bytes of its chunks: slots of one size, numbered from 0. Buffers are ranges of the
 * process's one arena (byte offsets into it), so that a backend can use memory that the device and the network
 * both reach. Every method resolves with a status: bytes moved or 0, or a negative errno; none throws or rejects.
 */
export interface Storage {
  /** "uring" or "memory": goes into every result row. */
  readonly name: string;
  /** Slots that fit on the device at most; allocation beyond it is ENOSPC. */
  readonly slots: number;
  read(slot: number, slotOffset: number, arenaOffset: number, bytes: number): Promise<number>;
  write(slot: number, slotOffset: number, arenaOffset: number, bytes: number): Promise<number>;
  /** Gives a slot's space back; it reads as zeros afterwards. */
  discard(slot: number): Promise<number>;
  /** Everything written before is on the device when it resolves. */
  flush(): Promise<number>;
  close(): Promise<void>;
}
