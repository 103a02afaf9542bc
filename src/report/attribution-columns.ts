import {
  type BusiestServer,
  busiestServer,
  type Limits,
  limitsOf,
  passedLimits,
  type StageTimes,
  stageTimes,
} from "./attribution.ts";
import type { Cell, Column } from "./column.ts";
import type { PhaseFigures, RankResult } from "./figures.ts";
import { type PhaseResult, type RunInfo, schemaVersion } from "./results.ts";
import type { ServerCounters } from "./servers.ts";

/** Where a server runs, and what it stores on. */
export interface ServerSite {
  readonly host: string;
  readonly storagePath: string;
}

/** A line of attribution.csv: where the time of one phase went, and who was last. */
export interface AttributionRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly figures: PhaseFigures;
  readonly slowestHost: string;
  readonly stages: StageTimes | undefined;
  readonly busiest: (BusiestServer & ServerSite) | undefined;
  readonly limits: Limits | undefined;
}

/** Undefined for a phase that did not happen. @param metadataBytes Of each server, at the end of the phase. */
export function attribute(
  run: RunInfo,
  result: PhaseResult,
  ranks: readonly RankResult[],
  servers: readonly ServerCounters[],
  sites: readonly ServerSite[],
  metadataBytes: readonly number[],
): AttributionRow | undefined {
  const { figures } = result;
  if (figures === undefined) return undefined;
  const busiest = busiestServer(servers);
  return {
    run,
    result,
    figures,
    slowestHost: ranks.find(({ client }) => client === figures.slowestClient)?.host ?? "",
    stages: stageTimes(figures, ranks, servers),
    busiest: busiest && { ...busiest, ...sites[busiest.server]! },
    limits: limitsOf(ranks, servers, metadataBytes),
  };
}

type C = Column<AttributionRow>;

function of(name: string, unit: string, about: string, value: (row: AttributionRow) => Cell): C {
  return { name, unit, about, value };
}

function stage(name: string, about: string, key: keyof StageTimes): C {
  return of(name, name.endsWith("_us") ? "us" : "", about, ({ stages }) => stages?.[key]);
}

/** The columns of attribution.csv, in their order. */
export const attributionColumns: readonly C[] = [
  of("schema", "", "Version of this table.", () => schemaVersion),
  of("run_id", "", "As in results.csv.", ({ run }) => run.runId),
  of("workload", "", "Name of the workload.", ({ result }) => result.workload),
  of("phase", "", "Name of the phase.", ({ result }) => result.phase),
  of("iteration", "", "Counts the repetitions from 0.", ({ result }) => result.iteration),
  stage("operation_us", "Mean time of an operation, as in results.csv.", "operationUs"),
  stage("calls_per_operation", "Requests to servers that an operation takes.", "callsPerOperation"),
  stage("client_us", "What is left of it beside its requests; 0 where those overlap.", "clientUs"),
  stage("transit_us", "Of a request: network, and waiting in the event loops of both ends.", "transitUs"),
  stage("server_us", "Of a request: the server's own work.", "serverUs"),
  stage("buffer_us", "Of a request: waiting for a buffer.", "bufferUs"),
  stage("device_us", "Of a request: the device.", "deviceUs"),
  of("slowest_client", "", "Index of the client that was done last.", ({ figures }) => figures.slowestClient),
  of("slowest_host", "", "Its node.", ({ slowestHost }) => slowestHost),
  of(
    "tail_share",
    "",
    "Part of the time until the last client was done in which the first one was done already.",
    ({ figures }) => 1 - figures.firstDoneS / figures.lastDoneS,
  ),
  of("busiest_server", "", "Index of the server in which requests spent most time.", ({ busiest }) => busiest?.server),
  of("busiest_host", "", "Its node.", ({ busiest }) => busiest?.host),
  of("busiest_storage", "", "Its storage path.", ({ busiest }) => busiest?.storagePath),
  of("busiest_stage", "", "Where most of that time went: server, buffer or device.", ({ busiest }) => busiest?.stage),
  of("busiest_time_share", "", "Its part of that time of all servers.", ({ busiest }) => busiest?.share),
  of(
    "most_metadata_bytes",
    "bytes",
    "Most space that a server's names and small files take.",
    (r) => r.limits?.metadataBytes,
  ),
  of("most_busy_share", "", "Largest busy_share of a process.", ({ limits }) => limits?.busyShare),
  of("most_busy", "", "Whose that is.", ({ limits }) => limits?.busiest),
  of("most_requests", "1/s", "Most requests of a server in a second.", ({ limits }) => limits?.requestsPerS),
  of(
    "single_thread_limits",
    "",
    "Signs that one thread for a process is too few: metadata of a server above 10 GB, a process busy for more than " +
      "80 % of the time, a server with more than a million requests in a second.",
    ({ limits }) => limits && passedLimits(limits),
  ),
];
