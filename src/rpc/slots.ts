/** Free indices 0 to count - 1 as a stack: taking and giving back costs a few nanoseconds and allocates nothing. */
export class Slots {
  readonly #free: Int32Array;
  #top: number;

  constructor(count: number) {
    this.#free = Int32Array.from({ length: count }, (_, i) => count - 1 - i);
    this.#top = count;
  }

  get available(): number {
    return this.#top;
  }

  /** A free index, or -1 when there is none. */
  take(): number {
    return this.#top === 0 ? -1 : this.#free[--this.#top]!;
  }

  give(index: number): void {
    this.#free[this.#top++] = index;
  }
}
