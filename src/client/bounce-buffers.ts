import { MiB } from "../core/units.ts";

/** Size of a bounce buffer: large enough for full transfer rates, small enough to stay in a core's cache. */
export const bounceBytes = 1 * MiB;

/** A few ranges of the arena through which payloads in other memory pass. Taken and given back in FIFO order. */
export class BounceBuffers {
  readonly #free: Uint8Array[];
  readonly #waiting: ((buffer: Uint8Array | undefined) => void)[] = [];
  #count: number;

  /** @param buffers Of `bounceBytes` each, in the arena. */
  constructor(buffers: readonly Uint8Array[]) {
    this.#free = [...buffers];
    this.#count = buffers.length;
  }

  /** Resolves with a buffer when one is free; with undefined when all have been retired. */
  take(): Promise<Uint8Array | undefined> {
    const buffer = this.#free.pop();
    if (buffer !== undefined || this.#count === 0) return Promise.resolve(buffer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next(buffer);
  }

  /** Instead of `give`: somebody may write to the buffer at any later time, so nobody gets it again. */
  retire(): void {
    if (--this.#count > 0) return;
    for (const giveUp of this.#waiting.splice(0)) giveUp(undefined);
  }
}
