import { errno } from "../core/errno.ts";
import { chunkBytes } from "../core/limits.ts";
import { isValidTransfer, type PayloadMemory, type Storage } from "./storage.ts";

const { EINVAL } = errno;

/** Class `memory`: slots are buffers of this process, made on the first write. Nothing outlives the process. */
export class MemoryStorage implements Storage {
  readonly name = "memory";
  readonly slots: number;
  readonly arena: PayloadMemory;
  #memories = 1;
  readonly #data: (Uint8Array | undefined)[];

  /** @param capacityBytes Memory that the slots take at most. */
  constructor(arena: Uint8Array, capacityBytes: number) {
    this.arena = { bytes: arena, index: 0 };
    this.slots = Math.floor(capacityBytes / chunkBytes);
    this.#data = new Array(this.slots).fill(undefined);
  }

  attach(bytes: Uint8Array): PayloadMemory {
    return { bytes, index: this.#memories++ };
  }

  async read(slot: number, slotOffset: number, to: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, to, offset, bytes)) return -EINVAL;
    const data = this.#data[slot];
    if (data === undefined) to.bytes.fill(0, offset, offset + bytes);
    else to.bytes.set(data.subarray(slotOffset, slotOffset + bytes), offset);
    return bytes;
  }

  async write(slot: number, slotOffset: number, from: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, from, offset, bytes)) return -EINVAL;
    this.#data[slot] ??= new Uint8Array(chunkBytes);
    this.#data[slot]!.set(from.bytes.subarray(offset, offset + bytes), slotOffset);
    return bytes;
  }

  async discard(slot: number): Promise<number> {
    if (slot < 0 || slot >= this.slots) return -EINVAL;
    this.#data[slot] = undefined;
    return 0;
  }

  async flush(): Promise<number> {
    return 0;
  }

  async sync(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#data.fill(undefined);
  }
}
