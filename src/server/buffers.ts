import { performance } from "node:perf_hooks";
import { Slots } from "../rpc/slots.ts";

/** Where a pool's buffers lie: `count` buffers of one size, side by side in the arena. */
export interface BufferRegion {
  /** Byte offset into the arena. */
  readonly offset: number;
  readonly count: number;
}

/**
 * A fixed set of buffers in the arena. Who finds none waits: each peer's requests in their order, peers by turns, so
 * that one client with many requests does not keep the others waiting.
 */
export class BufferPool {
  readonly bufferBytes: number;
  readonly count: number;
  readonly #offset: number;
  readonly #free: Slots;
  /** By peer, in the order of their turns. */
  readonly #waiting = new Map<number, ((buffer: number) => void)[]>();
  /** Requests that had to wait, since the start, and for how long altogether. */
  waits = 0;
  waitNs = 0;

  constructor(region: BufferRegion, bufferBytes: number) {
    this.bufferBytes = bufferBytes;
    this.count = region.count;
    this.#offset = region.offset;
    this.#free = new Slots(region.count);
  }

  get available(): number {
    return this.#free.available;
  }

  /** Byte offset of a buffer in the arena. */
  offsetOf(buffer: number): number {
    return this.#offset + buffer * this.bufferBytes;
  }

  /** A buffer, or -1 if none is free now. */
  take(): number {
    return this.#free.take();
  }

  /** Resolves with a buffer; with -1 when `abandon` was called for the peer. */
  acquire(peer: number): Promise<number> {
    const buffer = this.#free.take();
    if (buffer !== -1) return Promise.resolve(buffer);
    this.waits++;
    const startMs = performance.now();
    return new Promise((settle) => {
      const resolve = (got: number) => {
        this.waitNs += (performance.now() - startMs) * 1e6;
        settle(got);
      };
      const queue = this.#waiting.get(peer);
      if (queue === undefined) this.#waiting.set(peer, [resolve]);
      else queue.push(resolve);
    });
  }

  release(buffer: number): void {
    const next = this.#waiting.entries().next();
    if (next.done) {
      this.#free.give(buffer);
      return;
    }
    const [peer, queue] = next.value;
    const first = queue.shift()!;
    this.#waiting.delete(peer);
    if (queue.length > 0) this.#waiting.set(peer, queue);
    first(buffer);
  }

  /** Ends all waiting of a peer that is gone. */
  abandon(peer: number): void {
    const queue = this.#waiting.get(peer) ?? [];
    this.#waiting.delete(peer);
    for (const resolve of queue) resolve(-1);
  }
}
