import { errno } from "../core/errno.ts";
import { chunkBytes } from "../core/limits.ts";
import type { Storage } from "./storage.ts";

const { EINVAL } = errno;

/** Class `memory`: slots are buffers of this process, made on the first write. Nothing outlives the process. */
export class MemoryStorage implements Storage {
  readonly name = "memory";
  readonly slots: number;
  readonly #arena: Uint8Array;
  readonly #data: (Uint8Array | undefined)[];

  /** @param capacityBytes Memory that the slots take at most. */
  constructor(arena: Uint8Array, capacityBytes: number) {
    this.#arena = arena;
    this.slots = Math.floor(capacityBytes / chunkBytes);
    this.#data = new Array(this.slots).fill(undefined);
  }

  async read(slot: number, slotOffset: number, arenaOffset: number, bytes: number): Promise<number> {
    if (!this.#valid(slot, slotOffset, arenaOffset, bytes)) return -EINVAL;
    const data = this.#data[slot];
    if (data === undefined) this.#arena.fill(0, arenaOffset, arenaOffset + bytes);
    else this.#arena.set(data.subarray(slotOffset, slotOffset + bytes), arenaOffset);
    return bytes;
  }

  async write(slot: number, slotOffset: number, arenaOffset: number, bytes: number): Promise<number> {
    if (!this.#valid(slot, slotOffset, arenaOffset, bytes)) return -EINVAL;
    this.#data[slot] ??= new Uint8Array(chunkBytes);
    this.#data[slot]!.set(this.#arena.subarray(arenaOffset, arenaOffset + bytes), slotOffset);
    return bytes;
  }

  async discard(slot: number): Promise<number> {
    if (!this.#valid(slot, 0, 0, 0)) return -EINVAL;
    this.#data[slot] = undefined;
    return 0;
  }

  async flush(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#data.fill(undefined);
  }

  #valid(slot: number, slotOffset: number, arenaOffset: number, bytes: number): boolean {
    return (
      slot >= 0 &&
      slot < this.slots &&
      slotOffset >= 0 &&
      bytes >= 0 &&
      slotOffset + bytes <= chunkBytes &&
      arenaOffset >= 0 &&
      arenaOffset + bytes <= this.#arena.length
    );
  }
}
