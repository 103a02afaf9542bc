import { assert } from "../core/errors.ts";

/** Which slots are taken: one bit each, searched from where the last search ended. */
export class SlotMap {
  readonly #words: Uint32Array;
  readonly slots: number;
  #free: number;
  #next = 0;

  constructor(slots: number) {
    this.slots = slots;
    this.#words = new Uint32Array(Math.ceil(slots / 32));
    // Bits behind the last slot count as taken.
    if (slots % 32 !== 0) this.#words[this.#words.length - 1] = ~((1 << (slots % 32)) - 1);
    this.#free = slots;
  }

  get free(): number {
    return this.#free;
  }

  /** A free slot, now taken; -1 if there is none. */
  take(): number {
    if (this.#free === 0) return -1;
    while (this.#words[this.#next] === 0xffffffff) this.#next = (this.#next + 1) % this.#words.length;
    const bit = 31 - Math.clz32(~this.#words[this.#next]! & -~this.#words[this.#next]!);
    const slot = this.#next * 32 + bit;
    this.mark(slot);
    return slot;
  }

  /** Takes a certain slot. @returns False if it was taken. */
  mark(slot: number): boolean {
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    if ((this.#words[word]! & bit) !== 0) return false;
    this.#words[word]! |= bit;
    this.#free--;
    return true;
  }

  /** Frees a slot that was taken. */
  give(slot: number): void {
    const bit = 1 << (slot & 31);
    assert((this.#words[slot >>> 5]! & bit) !== 0, `slot ${slot} was taken`);
    this.#words[slot >>> 5]! &= ~bit;
    this.#free++;
    this.#next = Math.min(this.#next, slot >>> 5);
  }
}
