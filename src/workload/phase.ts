import type { PhaseKind } from "../report/results.ts";

/**
 * What one client does in one phase. A method that rejects with a `FileSystemError` or a `BenchError` ERR_WORKLOAD is
 * counted as a failed operation; anything else ends the run.
 */
export interface PhaseWork {
  /** Operations of this client; they are numbered from 0, and issued in this order. */
  readonly operations: number;
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
  /** After the last operation, and timed with the operations. */
  finish?(): Promise<void>;
  /** Timed apart from the operations; runs whenever `open` succeeded. */
  close?(): Promise<void>;
  /** After all clients have closed; not timed. All clients have it, or none. */
  cleanUp?(): Promise<void>;
  /** After the phase, with the number of operations that each client has finished, by index. */
  done?(finished: readonly number[]): void;
}

/** A phase that is to come, known before the first one starts, so that each gets its row whatever happens. */
export interface Phase {
  readonly phase: string;
  readonly kind: PhaseKind;
  readonly iteration: number;
  /** Made when its turn has come: what it does may depend on what earlier phases did. */
  work(): PhaseWork;
}
