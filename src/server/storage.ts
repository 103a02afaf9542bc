import { chunkBytes } from "../core/limits.ts";

/**
 * What an acknowledged `sync` or `close` is worth. `memory`: nothing outlives the server process; `pagecache`: written,
 * survives the process; `device`: flushed to the device.
 */
export type Durability = "memory" | "pagecache" | "device";

/** Memory that a backend moves data to and from. */
export interface PayloadMemory {
  readonly bytes: Uint8Array;
  /** What the backend knows it by: 0 for the arena, then 1, 2, … in the order of `attach`. */
  readonly index: number;
}

/**
 * Where a server keeps the bytes of its chunks: slots of one size, numbered from 0. Data moves between them and memory
 * that the network reaches: the process's arena, or a peer's that is mapped here. Reads, writes, discards and flushes
 * resolve with a status: bytes moved or 0, or a negative errno; none throws or rejects.
 */
export interface Storage {
  /** "uring", "tmpfs" or "memory". */
  readonly name: string;
  /** Slots that fit on the device at most; allocation beyond it is ENOSPC. */
  readonly slots: number;
  /** The memory that it was opened with. */
  readonly arena: PayloadMemory;
  /** Makes further memory usable, for as long as the storage is open. */
  attach(bytes: Uint8Array): PayloadMemory;
  read(slot: number, slotOffset: number, to: PayloadMemory, memoryOffset: number, bytes: number): Promise<number>;
  write(slot: number, slotOffset: number, from: PayloadMemory, memoryOffset: number, bytes: number): Promise<number>;
  /** Gives a slot's space back; it reads as zeros afterwards. */
  discard(slot: number): Promise<number>;
  /** Everything written before is on the device when it resolves. */
  flush(): Promise<number>;
  /** What was written to another file, which stays open as long as the storage, is on the device when it resolves. */
  sync(fd: number): Promise<number>;
  close(): Promise<void>;
}

/** Whether a transfer stays within its slot and its memory. */
export function isValidTransfer(
  { slots }: Storage,
  slot: number,
  slotOffset: number,
  memory: PayloadMemory,
  memoryOffset: number,
  bytes: number,
): boolean {
  return (
    slot >= 0 &&
    slot < slots &&
    slotOffset >= 0 &&
    bytes >= 0 &&
    slotOffset + bytes <= chunkBytes &&
    memoryOffset >= 0 &&
    memoryOffset + bytes <= memory.bytes.length
  );
}
