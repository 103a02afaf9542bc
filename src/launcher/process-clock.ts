import { performance } from "node:perf_hooks";
import type { Reactor } from "../reactor/reactor.ts";
import type { ProcessCounters } from "../report/process-counters.ts";

/** Where the time of this process goes. */
export class ProcessClock {
  readonly #reactor: Reactor;
  readonly #startMs = performance.now();

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  read(): ProcessCounters {
    const { inNativeNs, waitingNs, inJavaScriptNs, asleepNs, collectingNs } = this.#reactor.counters;
    const { user, system } = process.cpuUsage();
    return {
      elapsedNs: (performance.now() - this.#startMs) * 1e6,
      nativeNs: inNativeNs,
      waitingNs,
      javaScriptNs: inJavaScriptNs,
      asleepNs,
      collectingNs,
      userNs: user * 1000,
      systemNs: system * 1000,
    };
  }
}
