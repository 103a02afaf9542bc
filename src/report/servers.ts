import type { Cell, Column } from "./column.ts";
import { type PhaseResult, type RunInfo, schemaVersion } from "./results.ts";

/** What one server has done since it started, or in one phase. */
export interface ServerCounters {
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Flushes of the device that were done before something was acknowledged. */
  readonly flushes: number;
  /** Requests that had to wait for a free buffer. */
  readonly bufferWaits: number;
  /** Time that has passed, of which its event loop was in native code, in JavaScript, and asleep. */
  readonly servingNs: number;
  readonly nativeNs: number;
  readonly javaScriptNs: number;
  readonly asleepNs: number;
  /** CPU time of the process. */
  readonly userNs: number;
  readonly systemNs: number;
}

/** The counters by name, all zero. */
const none: ServerCounters = {
  requests: 0,
  bytesRead: 0,
  bytesWritten: 0,
  flushes: 0,
  bufferWaits: 0,
  servingNs: 0,
  nativeNs: 0,
  javaScriptNs: 0,
  asleepNs: 0,
  userNs: 0,
  systemNs: 0,
};

/** What happened between two readings of the counters. */
export function counted(before: ServerCounters, after: ServerCounters): ServerCounters {
  const names = Object.keys(none) as (keyof ServerCounters)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as ServerCounters;
}

/** Where a server runs. */
export interface ServerPlace {
  /** Index among the servers. */
  readonly server: number;
  readonly rank: number;
  readonly host: string;
}

/** A line of servers.csv: one server in one phase. */
export interface ServerRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly place: ServerPlace;
  readonly counters: ServerCounters;
  /** Of the payload that all servers moved in the phase. */
  readonly payloadShare: number;
  /** What placement gives it of that; undefined where that was not known. */
  readonly plannedShare: number | undefined;
}

function of(name: string, unit: string, about: string, value: (row: ServerRow) => Cell): Column<ServerRow> {
  return { name, unit, about, value };
}

function share(name: string, about: string, partNs: (counters: ServerCounters) => number): Column<ServerRow> {
  return of(name, "", about, ({ counters }) => partNs(counters) / counters.servingNs);
}

/** The columns of servers.csv, in their order. */
export const serverColumns: readonly Column<ServerRow>[] = [
  of("schema", "", "Version of this table.", () => schemaVersion),
  of("run_id", "", "As in results.csv.", ({ run }) => run.runId),
  of("workload", "", "Name of the workload.", ({ result }) => result.workload),
  of("phase", "", "Name of the phase.", ({ result }) => result.phase),
  of("iteration", "", "Counts the repetitions from 0.", ({ result }) => result.iteration),
  of("server", "", "Index among the servers.", ({ place }) => place.server),
  of("rank", "", "Its world rank.", ({ place }) => place.rank),
  of("host", "", "Node that it ran on.", ({ place }) => place.host),
  of("requests", "", "Requests that it served, those of other servers included.", ({ counters }) => counters.requests),
  of("read_bytes", "bytes", "Payload bytes that it read for clients.", ({ counters }) => counters.bytesRead),
  of("written_bytes", "bytes", "Payload bytes that it wrote for clients.", ({ counters }) => counters.bytesWritten),
  of(
    "payload_share",
    "",
    "Its part of the payload of all servers; empty if there was none.",
    (row) => row.payloadShare,
  ),
  of("planned_share", "", "The part that placement gives it; empty where not known.", (row) => row.plannedShare),
  of("flushes", "", "Flushes of its device before something was acknowledged.", ({ counters }) => counters.flushes),
  of("buffer_waits", "", "Requests that had to wait for a buffer.", ({ counters }) => counters.bufferWaits),
  of("serving_s", "s", "Time between the two readings of its counters.", ({ counters }) => counters.servingNs / 1e9),
  share("cpu_share", "CPU time, user and system, over that time.", (c) => c.userNs + c.systemNs),
  share("system_share", "Time in the kernel over that time.", (c) => c.systemNs),
  share(
    "native_share",
    "Native code of the event loop: progress of UCX and io_uring, and spinning.",
    (c) => c.nativeNs,
  ),
  share("javascript_share", "Event handlers in JavaScript.", (c) => c.javaScriptNs),
  share("asleep_share", "The event loop slept.", (c) => c.asleepNs),
];
