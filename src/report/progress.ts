/** How far one client is in the phase that runs; it stands for all. */
export interface Progress {
  readonly workload: string;
  readonly phase: string;
  readonly iteration: number;
  readonly operationsDone: number;
  readonly operations: number;
  readonly bytes: number;
  readonly elapsedS: number;
}
