import type { Column } from "./column.ts";
import type { PhaseFigures } from "./figures.ts";

/** Changes whenever a column is added, removed or means something else. */
export const schemaVersion = 2;

/** What all rows of a run share. */
export interface RunInfo {
  readonly runId: string;
  readonly version: string;
  readonly buildHash: string;
  readonly rankMapHash: string;
  readonly command: string;
  /** The scheduler's; empty outside of a job. */
  readonly jobId: string;
  /** "benchfs" or "posix". */
  readonly fs: string;
  readonly nodes: number;
  readonly servers: number;
  readonly clients: number;
  /** As UCX reports it; empty without servers. */
  readonly transport: string;
  readonly durability: string;
  readonly storageBackend: string;
  readonly oversubscribed: boolean;
  /** Of all ranks, the smallest part of the pinned memory that is on the rank's NUMA node; undefined: not known. */
  readonly leastLocalShare: number | undefined;
}

/** Options of the workload that its figures depend on; those that it does not have are absent. */
export interface WorkloadOptions {
  readonly blockBytes?: number;
  readonly transferBytes?: number;
  readonly segments?: number;
  readonly filePerProcess?: boolean;
  readonly itemsPerClient?: number;
  readonly queueDepth: number;
  readonly stonewallS?: number;
}

/**
 * What a phase moves: `transfers` in files that are opened before and closed after, whole `items`: files and
 * directories, or `messages` without any file.
 */
export type PhaseKind = "transfers" | "items" | "messages";

/** One phase of one iteration. Without figures it did not happen, or its measurements were lost with a client. */
export interface PhaseResult {
  readonly workload: string;
  readonly phase: string;
  readonly kind: PhaseKind;
  readonly iteration: number;
  readonly options: WorkloadOptions;
  /** Every parameter of the workload, as plain JSON. */
  readonly parameters: object;
  readonly figures: PhaseFigures | undefined;
  /** Every operation succeeded, all data was right, nobody was lost and nobody interrupted it. */
  readonly valid: boolean;
  /** Why it is not valid; empty if it is. */
  readonly reason: string;
  /** What a reader of the figures should know; empty if nothing. */
  readonly remarks: string;
}

/** A line of results.csv: it stands alone. */
export interface ResultRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
}

type ResultColumn = Column<ResultRow>;

function ofRun(name: string, about: string, value: (run: RunInfo) => string | number | boolean): ResultColumn {
  return { name, unit: "", about, value: ({ run }) => value(run) };
}

function ofResult(
  name: string,
  about: string,
  value: (result: PhaseResult) => string | number | boolean,
): ResultColumn {
  return { name, unit: "", about, value: ({ result }) => value(result) };
}

function ofOptions(name: string, unit: string, about: string, key: keyof WorkloadOptions): ResultColumn {
  return { name, unit, about, value: ({ result }) => result.options[key] };
}

/** A column that is empty when the phase has no figures, or is of the other kind. */
function figure(
  name: string,
  unit: string,
  about: string,
  value: (figures: PhaseFigures) => number | boolean,
  kind?: PhaseKind,
): ResultColumn {
  return {
    name,
    unit,
    about,
    value: ({ result }) =>
      result.figures === undefined || (kind !== undefined && kind !== result.kind) ? undefined : value(result.figures),
  };
}

function latencyUs(name: string, about: string, valueNs: (figures: PhaseFigures) => number): ResultColumn {
  return figure(`${name}_us`, "us", about, (figures) => valueNs(figures) / 1000);
}

const runColumns: readonly ResultColumn[] = [
  { name: "schema", unit: "", about: "Version of this table.", value: () => schemaVersion },
  ofRun("run_id", "The same in all rows and files of one run.", (run) => run.runId),
  {
    name: "date",
    unit: "",
    about: "When the phase started, ISO 8601 in UTC; empty if it did not.",
    value: ({ result }) => result.figures && new Date(result.figures.dateMs).toISOString(),
  },
  ofRun("version", "Version of BenchFS.", (run) => run.version),
  ofRun("build_hash", "Hash of the code that ran.", (run) => run.buildHash),
  ofRun("rank_map_hash", "Hash of the rank map (rankmap.csv).", (run) => run.rankMapHash),
  ofRun("command", "Command line of the run.", (run) => run.command),
  ofRun("job_id", "Job id of the scheduler; empty outside of a job.", (run) => run.jobId),
  ofRun("fs", "File system under test: benchfs or posix.", (run) => run.fs),
  ofRun("nodes", "Nodes of the job.", (run) => run.nodes),
  ofRun("servers", "Server processes.", (run) => run.servers),
  ofRun("clients", "Client processes: the tasks of IOR and mdtest.", (run) => run.clients),
  ofRun("transport", "Transports that UCX chose.", (run) => run.transport),
  ofRun("durability", "Durability class of writes: memory, pagecache or device.", (run) => run.durability),
  ofRun("storage_backend", "What the servers store chunks with.", (run) => run.storageBackend),
  ofRun("oversubscribed", "Some node had more processes than cores.", (run) => run.oversubscribed),
  {
    name: "least_local_share",
    unit: "",
    about: "Pinned memory on its own NUMA node of the rank that has least of it there, 0 to 1; empty: not known.",
    value: ({ run }) => run.leastLocalShare,
  },
];

const workloadColumns: readonly ResultColumn[] = [
  ofResult("workload", "Name of the workload.", (result) => result.workload),
  ofResult("phase", "Name of the phase within the workload.", (result) => result.phase),
  ofResult("iteration", "Counts the repetitions of the workload from 0.", (result) => result.iteration),
  ofOptions("block_bytes", "bytes", "Contiguous bytes of a client in a segment (IOR -b).", "blockBytes"),
  ofOptions("transfer_bytes", "bytes", "Bytes of one operation (IOR -t).", "transferBytes"),
  ofOptions("segments", "", "Segments of a file (IOR -s).", "segments"),
  ofOptions("file_per_proc", "", "A file for each client instead of a shared one (IOR -F).", "filePerProcess"),
  ofOptions("items_per_client", "", "Files and directories of each client (mdtest -n).", "itemsPerClient"),
  ofOptions("queue_depth", "", "Operations of a client in flight at a time.", "queueDepth"),
  ofOptions("stonewall_s", "s", "Time after which clients stop issuing operations (IOR -D).", "stonewallS"),
  ofResult("parameters", "All parameters of the workload, as JSON.", (result) => JSON.stringify(result.parameters)),
];

const figureColumns: readonly ResultColumn[] = [
  figure("bytes", "bytes", "Payload bytes moved by all clients.", (f) => f.bytes),
  figure("ops", "", "Operations that succeeded.", (f) => f.ops),
  figure("errors", "", "Operations that failed.", (f) => f.errors),
  figure("verify_errors", "", "Operations that returned other data than was written.", (f) => f.verifyErrors),
  figure("stonewalled", "", "A client reached the stonewall before it had done all.", (f) => f.stonewalled),
  figure(
    "first_done_s",
    "s",
    "From the first start until the first client had done its operations.",
    (f) => f.firstDoneS,
  ),
  figure("last_done_s", "s", "From the first start until the last client had done its operations.", (f) => f.lastDoneS),
  figure("elapsed_s", "s", "From the first start until the last client had closed its file.", (f) => f.elapsedS),
  figure("bw_mib_s", "MiB/s", "IOR's bandwidth: bytes over total_s.", (f) =>
    f.bytes === 0 ? Number.NaN : f.bandwidthMibS,
  ),
  figure("iops", "1/s", "IOR's rate: ops over wrrd_s.", (f) => f.iops),
  figure("latency_s", "s", "IOR's latency: the smallest of the clients' mean times per operation.", (f) => f.latencyS),
  figure("open_s", "s", "From the first open started to the last done.", (f) => f.openS, "transfers"),
  figure("wrrd_s", "s", "From the first operation started to the last done.", (f) => f.operationsS, "transfers"),
  figure("close_s", "s", "From the first close started to the last done.", (f) => f.closeS, "transfers"),
  figure("total_s", "s", "IOR's name of elapsed_s.", (f) => f.elapsedS, "transfers"),
  figure("mdtest_rate", "1/s", "As mdtest prints it: slowest client's rate x clients.", (f) => f.slowestRate, "items"),
  figure(
    "mdtest_total_rate",
    "1/s",
    "As IO500 takes it: ops over the slowest client's time.",
    (f) => f.totalRate,
    "items",
  ),
  latencyUs("lat_mean", "Mean time of an operation, all clients merged.", (f) => f.latency.meanNs),
  latencyUs("lat_p50", "Median time of an operation.", (f) => f.latency.quantileNs(0.5)),
  latencyUs("lat_p90", "Time that 90 % of the operations did not exceed.", (f) => f.latency.quantileNs(0.9)),
  latencyUs("lat_p99", "Time that 99 % of the operations did not exceed.", (f) => f.latency.quantileNs(0.99)),
  latencyUs("lat_p99_9", "Time that 99.9 % of the operations did not exceed.", (f) => f.latency.quantileNs(0.999)),
  latencyUs("lat_max", "Longest time of an operation.", (f) => (f.ops === 0 ? Number.NaN : f.latency.maxNs)),
  figure("slowest_client", "", "Index of the client that was done last.", (f) => f.slowestClient),
  figure("start_spread_s", "s", "Between the first and the last start: barrier and clock skew.", (f) => f.startSpreadS),
];

const verdictColumns: readonly ResultColumn[] = [
  ofResult("valid", "Everything was done, nothing failed, all data was right.", (result) => result.valid),
  ofResult("reason", "Why the row is not valid.", (result) => result.reason),
  ofResult("remarks", "What a reader of the figures should know.", (result) => result.remarks),
];

/** The columns of results.csv, in their order. */
export const resultColumns: readonly ResultColumn[] = [
  ...runColumns,
  ...workloadColumns,
  ...figureColumns,
  ...verdictColumns,
];
