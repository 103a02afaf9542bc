import type { Cell, Column } from "./column.ts";
import { busyShare, type ProcessCounters } from "./process-counters.ts";
import { type PhaseResult, type RunInfo, schemaVersion } from "./results.ts";

/** What one server has done since it started, or in one phase. Of requests and device accesses a sample is timed. */
export interface ServerCounters extends ProcessCounters {
  readonly requests: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Flushes of the device that were done before something was acknowledged. */
  readonly flushes: number;
  /** Requests that had to wait for a free buffer, and for how long altogether. */
  readonly bufferWaits: number;
  readonly bufferWaitNs: number;
  /** Requests that were timed from their arrival to their answer. */
  readonly serviceSamples: number;
  readonly serviceNs: number;
  /** Reads, writes and flushes of the device, and those that were timed. */
  readonly deviceAccesses: number;
  readonly deviceSamples: number;
  readonly deviceNs: number;
  /** Space that names and small files take; between two readings: what it has grown by. */
  readonly metadataBytes: number;
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
  return of(name, "", about, ({ counters }) => partNs(counters) / counters.elapsedNs);
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
  of(
    "buffer_wait_us",
    "us",
    "Mean time that such a request waited.",
    ({ counters: c }) => c.bufferWaitNs / c.bufferWaits / 1000,
  ),
  of(
    "service_us",
    "us",
    "Mean time from the arrival of a request to its answer, of one in 16.",
    ({ counters: c }) => c.serviceNs / c.serviceSamples / 1000,
  ),
  of("device_accesses", "", "Reads, writes and flushes of its device.", ({ counters }) => counters.deviceAccesses),
  of(
    "device_us",
    "us",
    "Mean time of such an access, of one in 16.",
    ({ counters: c }) => c.deviceNs / c.deviceSamples / 1000,
  ),
  of("serving_s", "s", "Time between the two readings of its counters.", ({ counters }) => counters.elapsedNs / 1e9),
  share("cpu_share", "CPU time, user and system, over that time.", (c) => c.userNs + c.systemNs),
  share("system_share", "Time in the kernel over that time.", (c) => c.systemNs),
  share("native_share", "Native code of the event loop: progress of UCX and io_uring.", (c) => c.nativeNs),
  share("waiting_share", "The event loop polled and found nothing.", (c) => c.waitingNs),
  share("javascript_share", "JavaScript, collections of garbage included.", (c) => c.javaScriptNs),
  share("gc_share", "Collections of garbage.", (c) => c.collectingNs),
  share("asleep_share", "The event loop slept.", (c) => c.asleepNs),
  of(
    "busy_share",
    "",
    "CPU time over the time of the phase, without what was spent on polling in vain.",
    ({ counters }) => busyShare(counters),
  ),
];
