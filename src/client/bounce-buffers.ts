import { MiB } from "../core/units.ts";

/** Size of a bounce buffer: large enough for full transfer rates, small enough to stay in a core's cache. */
export const bounceBytes = 1 * MiB;

/** A few ranges of the arena through which payloads in other memory pass. Taken and given back in FIFO order. */
export class BounceBuffers {
  readonly #free: Uint8Array[];
  readonly #waiting: ((buffer: Uint8Array) => void)[] = [];

  /** @param buffers Of `bounceBytes` each, in the arena. */
  constructor(buffers: readonly Uint8Array[]) {
    this.#free = [...buffers];
  }

  /** Resolves with a buffer when one is free. */
  take(): Promise<Uint8Array> {
    const buffer = this.#free.pop();
    if (buffer !== undefined) return Promise.resolve(buffer);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next(buffer);
  }
}
