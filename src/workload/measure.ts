import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
import { FileSystemError } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import type { RankResult } from "../report/figures.ts";
import { Histogram } from "../report/histogram.ts";
import type { PhaseWork } from "./phase.ts";
import { Timeline, type TimelineCounters } from "./timeline.ts";

/** A file system that answers at once never lets timers and signals have their turn: step aside this often. */
const turnMs = 20;

/** Seconds since the Unix epoch. */
function nowS(): number {
  return (performance.timeOrigin + performance.now()) / 1000;
}

/** What ends a phase early, and who hears of it. */
export interface MeasureOptions {
  readonly queueDepth: number;
  /** Issue no operation later than this after the start of the operations; undefined: no limit. */
  readonly stonewallS: number | undefined;
  /** Work that repeats does so until its operations have taken this long. */
  readonly minS?: number;
  /**
   * Wear-out: given the operations that this client has finished, the most that any client has; all go on to as many.
   * Every client calls it once. Undefined: each stops at the stonewall.
   */
  readonly mostFinished?: ((finished: number) => Promise<number>) | undefined;
  /** Barriers between open, operations and close (IOR -g); undefined: none. */
  readonly barrier: (() => Promise<void>) | undefined;
  /** Keep what was done in each second. */
  readonly timeline?: boolean;
  interrupted(): string | undefined;
  /** Called about every 20 ms while the operations run. */
  progress(operationsDone: number, bytes: number, elapsedS: number): void;
}

/** Measures one client's part of a phase: the clock, the loop, and what went wrong. */
export class Measurement {
  readonly #work: PhaseWork;
  readonly #options: MeasureOptions;
  readonly #latency = new Histogram();
  readonly #stamps = {
    openStartS: 0,
    openStopS: 0,
    operationsStartS: 0,
    operationsStopS: 0,
    closeStartS: 0,
    closeStopS: 0,
  };
  #bytes = 0;
  #ops = 0;
  #errors = 0;
  #verifyErrors = 0;
  #firstError = "";
  #stopped = "";
  /** Index of the next operation to issue; all below it have been issued. */
  #next = 0;
  #finished = 0;
  /** Operations to issue: all, or as many as it takes to wear out a stonewall or to fill a least time. */
  #limit: number;
  #isWearingOut = false;
  #startMs = 0;
  #operationsMs = 0;
  #turnAtMs = 0;
  #timeline: Timeline | undefined;

  constructor(work: PhaseWork, options: MeasureOptions) {
    this.#work = work;
    this.#options = options;
    this.#limit = work.operations;
  }

  /** Runs one step of the work and counts it if it fails. @returns Whether it succeeded. */
  async attempt(step: (() => Promise<void>) | undefined): Promise<boolean> {
    try {
      await step?.();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Makes ready, before the barrier that starts the phase. */
  async setUp(): Promise<void> {
    if (!this.#isInterrupted()) await this.attempt(this.#work.setUp?.bind(this.#work));
  }

  /** Opens, operates and closes. Rejects if a barrier does, and with what is no failed operation. */
  async run(): Promise<void> {
    const work = this.#work;
    const stamps = this.#stamps;
    stamps.openStartS = nowS();
    this.#startMs = performance.now();
    const opened = !this.#isInterrupted() && (await this.attempt(work.open?.bind(work)));
    stamps.openStopS = nowS();
    await this.#options.barrier?.();
    stamps.operationsStartS = nowS();
    this.#operationsMs = performance.now();
    if (this.#options.timeline) this.#timeline = new Timeline(() => this.#counters(), nowS);
    try {
      await this.#operate(opened);
    } finally {
      this.#timeline?.stop();
    }
    stamps.operationsStopS = nowS();
    await this.#options.barrier?.();
    stamps.closeStartS = nowS();
    if (opened) await this.attempt(work.close?.bind(work));
    stamps.closeStopS = nowS();
  }

  #counters(): TimelineCounters {
    return { ops: this.#latency.count, bytes: this.#bytes, inFlight: this.#next - this.#finished };
  }

  /** What comes between the start and the stop of the operations; also without any, where all wear out together. */
  async #operate(opened: boolean): Promise<void> {
    const work = this.#work;
    if (opened) await this.#operateAll();
    if (this.#options.mostFinished !== undefined) {
      const most = await this.#options.mostFinished(this.#finished);
      this.#limit = work.repeats && work.operations > 0 ? most : Math.min(most, work.operations);
      this.#isWearingOut = true;
      if (opened) await this.#operateAll();
    }
    if (opened && !this.#isInterrupted()) await this.attempt(work.finish?.bind(work));
  }

  /** What was measured, including the failures of every step so far. */
  result(client: number, host: string): RankResult {
    return {
      client,
      host,
      ...this.#stamps,
      bytes: this.#bytes,
      ops: this.#work.items?.() ?? this.#ops,
      finished: this.#finished,
      errors: this.#errors,
      verifyErrors: this.#verifyErrors,
      firstError: this.#firstError,
      stopped: this.#stopped,
      latency: this.#latency,
      ...(this.#timeline && { timeline: this.#timeline.samples }),
    };
  }

  async #operateAll(): Promise<void> {
    const { operations, inOrder } = this.#work;
    const depth = Math.min(inOrder ? 1 : this.#options.queueDepth, operations);
    this.#turnAtMs = performance.now() + turnMs;
    await Promise.all(Array.from({ length: depth }, (_, lane) => this.#operateLane(lane)));
  }

  /** One operation after the other; as many lanes run as the queue is deep. All in one: an await costs 100 ns. */
  async #operateLane(lane: number): Promise<void> {
    const work = this.#work;
    const { batch = 1 } = work;
    while ((this.#next < this.#limit || this.#beginsAgain()) && !this.#mustStop()) {
      const index = this.#next++;
      try {
        work.prepare?.(index, lane);
        const startMs = performance.now();
        const bytes = await work.operate(index, lane);
        this.#latency.record(Math.round(((performance.now() - startMs) * 1e6) / batch));
        this.#ops += batch;
        this.#bytes += bytes;
        this.#countWrong(work.check?.(index, lane));
      } catch (error) {
        this.#fail(error);
      }
      this.#finished++;
      if (performance.now() >= this.#turnAtMs) await this.#takeTurn();
    }
  }

  /** All operations are issued, but the least time is not over: another round. */
  #beginsAgain(): boolean {
    const { minS = 0 } = this.#options;
    if (this.#isWearingOut || !this.#work.repeats || this.#work.operations === 0) return false;
    if (performance.now() - this.#operationsMs >= minS * 1000) return false;
    this.#limit += this.#work.operations;
    return true;
  }

  #mustStop(): boolean {
    if (this.#isInterrupted() || this.#work.isDone?.()) return true;
    if (this.#isWearingOut) return false;
    if (this.#stopped !== "") return true;
    const { stonewallS } = this.#options;
    if (stonewallS === undefined || performance.now() - this.#operationsMs < stonewallS * 1000) return false;
    this.#stopped = "stonewall";
    return true;
  }

  /** There is a reason to leave the run: nothing new is begun then, but what is open is closed. */
  #isInterrupted(): boolean {
    const reason = this.#options.interrupted();
    if (reason !== undefined) this.#stopped = reason;
    return reason !== undefined;
  }

  async #takeTurn(): Promise<void> {
    this.#turnAtMs = performance.now() + turnMs;
    this.#options.progress(this.#finished, this.#bytes, (performance.now() - this.#startMs) / 1000);
    await setImmediate();
  }

  #countWrong(wrong: string | undefined): void {
    if (wrong === undefined) return;
    this.#verifyErrors++;
    if (this.#firstError === "") this.#firstError = wrong;
  }

  #fail(error: unknown): void {
    const counts = error instanceof FileSystemError || (error instanceof BenchError && error.code === "ERR_WORKLOAD");
    if (!counts) throw error;
    this.#errors++;
    if (this.#firstError === "") this.#firstError = error.message;
  }
}
