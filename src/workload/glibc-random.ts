const degree = 31;
const separation = 3;
const modulus = 2 ** 31 - 1;

/** The largest number that `next()` returns: RAND_MAX. */
export const randomMax = modulus;

/**
 * `srand()` and `rand()` of the GNU C library (its additive feedback generator), so that what IOR and mdtest choose by
 * chance for a seed on Linux is what we choose for it.
 */
export class GlibcRandom {
  readonly #state = new Int32Array(degree);
  #front = separation;
  #rear = 0;

  /** @param seed Taken as 32 bits; 0 is the same as 1, as in C. */
  constructor(seed: number) {
    let word = seed | 0 || 1;
    this.#state[0] = word;
    for (let i = 1; i < degree; i++) {
      // 16807 x word modulo 2^31 - 1 without leaving 32 bits, as the library does it (a negative word too).
      const high = Math.trunc(word / 127773);
      word = 16807 * (word % 127773) - 2836 * high;
      if (word < 0) word += modulus;
      this.#state[i] = word;
    }
    for (let i = 0; i < 10 * degree; i++) this.next();
  }

  /** A whole number from 0 to `randomMax`. */
  next(): number {
    const sum = (this.#state[this.#front]! + this.#state[this.#rear]!) | 0;
    this.#state[this.#front] = sum;
    this.#front = (this.#front + 1) % degree;
    this.#rear = (this.#rear + 1) % degree;
    return sum >>> 1;
  }
}
