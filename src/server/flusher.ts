/**
 * Makes what was acknowledged durable. Requests that arrive while a flush is under way share the next one: it covers
 * everything written before it starts.
 */
export class Flusher {
  readonly #flushData: () => Promise<number>;
  readonly #flushMetadata: () => Promise<number>;
  #running: Promise<number> | undefined;
  #next: Promise<number> | undefined;
  /** Flushes done. */
  count = 0;

  /**
   * Each makes its part durable: 0 or a negative errno.
   * @param flushData Goes first: a record names data that is there.
   */
  constructor(flushData: () => Promise<number>, flushMetadata: () => Promise<number>) {
    this.#flushData = flushData;
    this.#flushMetadata = flushMetadata;
  }

  /** Resolves with 0 when everything written and committed before the call is on the device, or a negative errno. */
  flush(): Promise<number> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#start();
    const next = this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    this.#next = next;
    return next;
  }

  #start(): Promise<number> {
    const running = this.#flush().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  async #flush(): Promise<number> {
    this.count++;
    const status = await this.#flushData();
    return status === 0 ? this.#flushMetadata() : status;
  }
}
