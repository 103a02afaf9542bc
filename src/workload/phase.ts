import type { RankResult } from "../report/figures.ts";
import type { PhaseKind, WorkloadOptions } from "../report/results.ts";

/**
 * What one client does in one phase. A method that rejects with a `FileSystemError` or a `BenchError` ERR_WORKLOAD is
 * counted as a failed operation; anything else ends the run.
 */
export interface PhaseWork {
  /** Operations of this client; they are numbered from 0, and issued in this order. */
  readonly operations: number;
  /** What rows and rates count for each call of `operate`; its time over as many is one latency. Without it 1. */
  readonly batch?: number;
  /** Numbers may go on behind the last operation, which begins again with the first: for a wear-out and a least time. */
  readonly repeats?: boolean;
  /** Each operation needs the one before it: one at a time, whatever the queue depth. */
  readonly inOrder?: boolean;
  /** Before the barrier that starts the phase; not timed. Other clients see what it did. */
  setUp?(): Promise<void>;
  /** Timed apart from the operations. If it fails, they are not tried. */
  open?(): Promise<void>;
  /** What comes before operation `index` and is not part of its latency. `lane` is below the queue depth. */
  prepare?(index: number, lane: number): void;
  /** @returns Payload bytes moved. */
  operate(index: number, lane: number): Promise<number>;
  /** After the operation succeeded; not part of its latency. @returns What is wrong with its data, or undefined. */
  check?(index: number, lane: number): string | undefined;
  /** Nothing is left to do, asked before each operation: for work of which nobody knows beforehand how much it is. */
  isDone?(): boolean;
  /** Items that its operations were about, to be counted in their place where one is about several. */
  items?(): number;
  /** After the last operation, and timed with the operations. */
  finish?(): Promise<void>;
  /** Timed apart from the operations; runs whenever `open` succeeded. */
  close?(): Promise<void>;
  /** After all clients have closed; not timed. All clients have it, or none. */
  cleanUp?(): Promise<void>;
  /** After the phase: the operations that each client has finished, by index, and those of all with wrong data. */
  done?(finished: readonly number[], verifyErrors: number): void;
}

/** A phase that is to come, known before the first one starts, so that each gets its row whatever happens. */
export interface Phase {
  readonly phase: string;
  readonly kind: PhaseKind;
  readonly iteration: number;
  /** Instead of those of the run. */
  readonly options?: WorkloadOptions;
  /** It does all its operations and no more: stonewall, wear-out and least time of the run are not for it. */
  readonly toTheEnd?: boolean;
  /**
   * Asked when its turn has come; without it, or when true, the phase happens, and else it has no row. All clients must
   * answer alike. @param sinceStartS How long the run has taken up to the end of the phase before, the same everywhere.
   */
  wanted?(sinceStartS: number): boolean;
  /** Made when its turn has come: what it does may depend on what earlier phases did. */
  work(): PhaseWork;
  /** On member 0, after the phase: what a reader of its row should know besides the remarks of the run. */
  remarks?(ranks: readonly RankResult[]): string;
}
