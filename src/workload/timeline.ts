import type { TimelineSample } from "../report/timeline.ts";

const intervalMs = 1000;

/** Counters of a client: operations that succeeded and their bytes so far, and operations under way now. */
export interface TimelineCounters {
  readonly ops: number;
  readonly bytes: number;
  readonly inFlight: number;
}

/**
 * Reads the counters of a client once a second, by a timer: the operations themselves pay nothing for it, and a second
 * in which none completes has its sample as well.
 */
export class Timeline {
  readonly samples: TimelineSample[] = [];
  readonly #read: () => TimelineCounters;
  readonly #nowS: () => number;
  readonly #timer: NodeJS.Timeout;
  #before: { readonly timeS: number; readonly ops: number; readonly bytes: number };

  /** Starts it. */
  constructor(read: () => TimelineCounters, nowS: () => number) {
    this.#read = read;
    this.#nowS = nowS;
    this.#before = { timeS: nowS(), ops: 0, bytes: 0 };
    this.#timer = setInterval(() => this.#sample(), intervalMs);
  }

  #sample(): void {
    const { ops, bytes, inFlight } = this.#read();
    const timeS = this.#nowS();
    const { timeS: beforeS, ops: opsBefore, bytes: bytesBefore } = this.#before;
    const intervalS = timeS - beforeS;
    this.samples.push({ timeS, intervalS, ops: ops - opsBefore, bytes: bytes - bytesBefore, inFlight });
    this.#before = { timeS, ops, bytes };
  }

  /** Takes the last sample, of the rest of a second. */
  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }
}
