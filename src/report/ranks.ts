import type { Column } from "./column.ts";
import type { RankResult } from "./figures.ts";
import { busyShare, type ClientCounters } from "./process-counters.ts";
import { type PhaseResult, type RunInfo, schemaVersion } from "./results.ts";

/** A line of ranks.csv: one client in one phase. */
export interface RankRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly rank: RankResult;
}

type NumberField = { [K in keyof RankResult]-?: RankResult[K] extends number ? K : never }[keyof RankResult];

function ofRank(name: string, unit: string, about: string, field: NumberField): Column<RankRow> {
  return { name, unit, about, value: ({ rank }) => rank[field] };
}

function latencyUs(name: string, about: string, valueNs: (rank: RankResult) => number): Column<RankRow> {
  return {
    name,
    unit: "us",
    about,
    value: ({ rank }) => (rank.latency.count === 0 ? undefined : valueNs(rank) / 1000),
  };
}

/** A column that is empty where the process was not watched. */
function ofProcess(name: string, unit: string, about: string, value: (c: ClientCounters) => number): Column<RankRow> {
  return { name, unit, about, value: ({ rank }) => rank.process && value(rank.process) };
}

/** The columns of ranks.csv, in their order. The stamps are raw, so that any figure can be computed again. */
export const rankColumns: readonly Column<RankRow>[] = [
  { name: "schema", unit: "", about: "Version of this table.", value: () => schemaVersion },
  { name: "run_id", unit: "", about: "As in results.csv.", value: ({ run }) => run.runId },
  { name: "workload", unit: "", about: "Name of the workload.", value: ({ result }) => result.workload },
  { name: "phase", unit: "", about: "Name of the phase.", value: ({ result }) => result.phase },
  { name: "iteration", unit: "", about: "Counts the repetitions from 0.", value: ({ result }) => result.iteration },
  ofRank("client", "", "Index among the clients.", "client"),
  { name: "host", unit: "", about: "Node that the client ran on.", value: ({ rank }) => rank.host },
  ofRank("open_start_s", "s", "Start of the open, since the Unix epoch by the client's clock.", "openStartS"),
  ofRank("open_stop_s", "s", "End of the open.", "openStopS"),
  ofRank("wrrd_start_s", "s", "Start of the first operation.", "operationsStartS"),
  ofRank("wrrd_stop_s", "s", "End of the last operation.", "operationsStopS"),
  ofRank("close_start_s", "s", "Start of the close.", "closeStartS"),
  ofRank("close_stop_s", "s", "End of the close.", "closeStopS"),
  ofRank("bytes", "bytes", "Payload bytes moved.", "bytes"),
  ofRank("ops", "", "Operations that succeeded.", "ops"),
  ofRank("errors", "", "Operations that failed.", "errors"),
  ofRank("verify_errors", "", "Operations that returned other data than was written.", "verifyErrors"),
  latencyUs("lat_mean_us", "Mean time of an operation.", ({ latency }) => latency.meanNs),
  latencyUs("lat_p50_us", "Median time of an operation.", ({ latency }) => latency.quantileNs(0.5)),
  latencyUs("lat_p99_us", "Time that 99 % of the operations did not exceed.", ({ latency }) =>
    latency.quantileNs(0.99),
  ),
  latencyUs("lat_max_us", "Longest time of an operation.", ({ latency }) => latency.maxNs),
  ofProcess("calls", "", "Requests that it sent to servers.", (c) => c.calls),
  ofProcess(
    "call_us",
    "us",
    "Mean time of such a request, from its call to its answer, of one in 16.",
    (c) => c.callNs / c.callSamples / 1000,
  ),
  ofProcess(
    "cpu_share",
    "",
    "CPU time of its process, user and system, over the time of the phase.",
    (c) => (c.userNs + c.systemNs) / c.elapsedNs,
  ),
  ofProcess("system_share", "", "Time in the kernel over that time.", (c) => c.systemNs / c.elapsedNs),
  ofProcess("native_share", "", "Native code of the event loop: progress of UCX.", (c) => c.nativeNs / c.elapsedNs),
  ofProcess("waiting_share", "", "The event loop polled and found nothing.", (c) => c.waitingNs / c.elapsedNs),
  ofProcess(
    "javascript_share",
    "",
    "JavaScript in the event loop, collections of garbage included.",
    (c) => c.javaScriptNs / c.elapsedNs,
  ),
  ofProcess("gc_share", "", "Collections of garbage.", (c) => c.collectingNs / c.elapsedNs),
  ofProcess("asleep_share", "", "The event loop slept.", (c) => c.asleepNs / c.elapsedNs),
  ofProcess(
    "busy_share",
    "",
    "CPU time over the time of the phase, without what was spent on polling in vain.",
    busyShare,
  ),
  {
    name: "stopped",
    unit: "",
    about: "Why the client stopped before all was done: stonewall, or the reason; empty if it did not.",
    value: ({ rank }) => rank.stopped,
  },
  {
    name: "first_error",
    unit: "",
    about: "Message of the first error or of the first wrong byte.",
    value: ({ rank }) => rank.firstError,
  },
];
