/** Direct-mapped cache of chunk -> slot, in typed arrays: bounded, and nothing for the garbage collector. */
export class ChunkCache {
  readonly #mask: number;
  readonly #ino: Float64Array;
  readonly #chunk: Uint32Array;
  readonly #slot: Int32Array;

  /** @param lines A power of two. */
  constructor(lines: number) {
    this.#mask = lines - 1;
    this.#ino = new Float64Array(lines);
    this.#chunk = new Uint32Array(lines);
    this.#slot = new Int32Array(lines).fill(-1);
  }

  /** The slot, or -1 if it is not cached. */
  get(ino: number, chunk: number): number {
    const line = this.#line(ino, chunk);
    return this.#ino[line] === ino && this.#chunk[line] === chunk ? this.#slot[line]! : -1;
  }

  set(ino: number, chunk: number, slot: number): void {
    const line = this.#line(ino, chunk);
    this.#ino[line] = ino;
    this.#chunk[line] = chunk;
    this.#slot[line] = slot;
  }

  delete(ino: number, chunk: number): void {
    const line = this.#line(ino, chunk);
    if (this.#ino[line] === ino && this.#chunk[line] === chunk) this.#slot[line] = -1;
  }

  #line(ino: number, chunk: number): number {
    const hash = Math.imul((ino >>> 0) ^ Math.imul(chunk, 0x9e3779b1), 0x85ebca6b);
    return (hash >>> 12) & this.#mask;
  }
}
