import { performance } from "node:perf_hooks";

/** One in this many passes through a stage is timed: two readings of the clock are a tenth of a short request. */
const every = 16;

/** How often a stage was passed, and how long it takes, from a sample. */
export class StageTimer {
  count = 0;
  samples = 0;
  sampledNs = 0;

  /** A pass begins. @returns What `stop` takes; 0: this one is not timed. */
  start(): number {
    return ++this.count % every === 0 ? performance.now() : 0;
  }

  /** A pass that was timed is over. */
  stop(startMs: number): void {
    this.samples++;
    this.sampledNs += (performance.now() - startMs) * 1e6;
  }
}
