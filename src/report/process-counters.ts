/** Where the time of a rank's process went, since it started or in one phase. */
export interface ProcessCounters {
  /** Time that has passed. */
  readonly elapsedNs: number;
  /** Event loop: progress of UCX and io_uring, polls that found nothing, JavaScript, sleep. */
  readonly nativeNs: number;
  readonly waitingNs: number;
  readonly javaScriptNs: number;
  readonly asleepNs: number;
  /** Collections of garbage, which are in the time of JavaScript. */
  readonly collectingNs: number;
  /** CPU time. */
  readonly userNs: number;
  readonly systemNs: number;
}

/** What a client has called, and its process. Of the calls a sample is timed. */
export interface ClientCounters extends ProcessCounters {
  readonly calls: number;
  readonly callSamples: number;
  readonly callNs: number;
}

/** What happened between two readings of the same counters. */
export function counted<C extends ProcessCounters>(before: C, after: C): C {
  const names = Object.keys(after) as (keyof C)[];
  return Object.fromEntries(names.map((name) => [name, Number(after[name]) - Number(before[name])])) as unknown as C;
}

/**
 * CPU time that a process spent with something to do, over the time that has passed: that of its awake time in which it
 * did not poll in vain. A process that others keep from its core is not busy, however long its work takes. 0 to 1.
 */
export function busyShare({ elapsedNs, asleepNs, waitingNs, userNs, systemNs }: ProcessCounters): number {
  const awakeNs = elapsedNs - asleepNs;
  if (awakeNs <= 0) return 0;
  const busyNs = (userNs + systemNs) * (1 - waitingNs / awakeNs);
  return Math.min(1, Math.max(0, busyNs / elapsedNs));
}
