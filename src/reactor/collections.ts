import { PerformanceObserver } from "node:perf_hooks";

/** What the garbage collector of this process costs. */
export class Collections {
  #ns = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#ns += duration * 1e6;
  });

  start(): void {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** Nanoseconds that the process stood still while started, as V8 reports them, some turns of libuv late. */
  get ns(): number {
    return this.#ns;
  }
}
