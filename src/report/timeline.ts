import type { Cell, Column } from "./column.ts";
import type { RankResult } from "./figures.ts";
import { type PhaseResult, type RunInfo, schemaVersion } from "./results.ts";

/** What one client did since its sample before, or since the start of its operations. */
export interface TimelineSample {
  /** Seconds since the Unix epoch, by the client's clock. */
  readonly timeS: number;
  readonly intervalS: number;
  /** Operations that succeeded. */
  readonly ops: number;
  readonly bytes: number;
  /** Operations under way at this moment. */
  readonly inFlight: number;
}

/** A line of timeline.csv: one client in about one second. */
export interface TimelineRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly rank: RankResult;
  readonly sample: TimelineSample;
}

function of(name: string, unit: string, about: string, value: (row: TimelineRow) => Cell): Column<TimelineRow> {
  return { name, unit, about, value };
}

/** The columns of timeline.csv, in their order. */
export const timelineColumns: readonly Column<TimelineRow>[] = [
  of("schema", "", "Version of this table.", () => schemaVersion),
  of("run_id", "", "As in results.csv.", ({ run }) => run.runId),
  of("workload", "", "Name of the workload.", ({ result }) => result.workload),
  of("phase", "", "Name of the phase.", ({ result }) => result.phase),
  of("iteration", "", "Counts the repetitions from 0.", ({ result }) => result.iteration),
  of("client", "", "Index among the clients.", ({ rank }) => rank.client),
  of("host", "", "Node that the client ran on.", ({ rank }) => rank.host),
  of("time_s", "s", "End of the interval, since the Unix epoch by the client's clock.", ({ sample }) => sample.timeS),
  of("interval_s", "s", "Since the row before, or the start of its operations.", ({ sample }) => sample.intervalS),
  of("bytes", "bytes", "Payload bytes that it moved in the interval.", ({ sample }) => sample.bytes),
  of("ops", "", "Operations that succeeded in the interval.", ({ sample }) => sample.ops),
  of("in_flight", "", "Operations under way at the end of the interval.", ({ sample }) => sample.inFlight),
];
