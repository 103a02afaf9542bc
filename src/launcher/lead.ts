import { readFileSync } from "node:fs";
import { type BenchError, failures } from "../core/errors.ts";
import type { Whereabouts } from "../rankmap/facts.ts";
import { showRankMap } from "../rankmap/show.ts";
import type { RankResult } from "../report/figures.ts";
import type { Progress } from "../report/progress.ts";
import type { PhaseResult, RunInfo } from "../report/results.ts";
import { Screen } from "../report/screen.ts";
import type { ServerCounters } from "../report/servers.ts";
import type { SuiteScore } from "../report/suite-score.ts";
import { workloads } from "../workload/registry.ts";
import { describeDeviations } from "./binding.ts";
import { configRecord } from "./config-record.ts";
import { type Forecast, forecastRun } from "./forecast.ts";
import { ResultsFolder } from "./results-folder.ts";
import type { RunningRank } from "./running-rank.ts";
import { schedulerJobId } from "./scheduler.ts";

/** Placing so many names takes the lead a few tenths of a second, before the run starts. */
const namesMax = 100_000;

/** What the lead client does beside its work: it shows, records and judges the run. */
export class Lead {
  readonly #rank: RunningRank;
  readonly #folder: ResultsFolder;
  readonly #screen: Screen;
  readonly #run: RunInfo;
  /** What UCX chose for each server; kept, since a row may be written after a server has died. */
  readonly #transports = new Map<number, string>();

  /** Bytes by workload, round and server, as placement gives them. */
  readonly #planned: Forecast["rounds"];

  /** @throws BenchError ERR_CONFIG if the results cannot be written. */
  constructor(rank: RunningRank) {
    const { config, map } = rank;
    this.#rank = rank;
    this.#folder = new ResultsFolder(config.resultsPath, rank, configRecord(config), config.format);
    this.#screen = new Screen({ quiet: config.quiet });
    const counts = { servers: map.servers.length, clients: map.clients.length };
    this.#planned = config.target.kind === "benchfs" ? forecastRun(config, workloads, counts, namesMax).rounds : [];
    this.#run = runInfo(rank, () => this.#describeTransports());
  }

  showStart(): void {
    const { map, mapHash, build, whereabouts } = this.#rank;
    const hosts = `${map.hosts.length} ${map.hosts.length === 1 ? "node" : "nodes"}`;
    this.#screen.text(
      `BenchFS ${this.#run.version}, build ${build}: ${map.servers.length} servers and ${map.clients.length} clients ` +
        `on ${hosts}, rank map ${mapHash}`,
    );
    this.#screen.text(showRankMap(map));
    for (const remark of describeDeviations(map.places, whereabouts)) this.#screen.text(`Note: ${remark}`);
  }

  /** @param workload Index among the workloads of the run. */
  record(
    workload: number,
    result: PhaseResult,
    ranks: readonly RankResult[],
    servers: readonly ServerCounters[],
  ): void {
    const rounds = this.#planned[workload];
    this.#folder.record(this.#run, result, ranks, servers, rounds?.[Math.min(result.iteration, rounds.length - 1)]);
    this.#screen.row(result);
  }

  score(score: SuiteScore): void {
    this.#screen.text(`\n${this.#folder.score(this.#run, score)}`);
  }

  progress(progress: Progress): void {
    this.#describeTransports();
    this.#screen.progress(progress);
  }

  /** Endpoints are made on first use, so the answer grows until every server has been asked something. */
  #describeTransports(): string {
    const { map, transport } = this.#rank;
    for (const server of map.servers) {
      if (this.#transports.has(server) || transport.isLost(server)) continue;
      const described = transport.describe(server);
      if (described !== undefined) this.#transports.set(server, described);
    }
    return [...new Set(this.#transports.values())].join("; ");
  }

  /** After a run that came to its end. */
  showServers(farewells: readonly ServerCounters[]): void {
    const total = (key: keyof ServerCounters): number => farewells.reduce((sum, farewell) => sum + farewell[key], 0);
    this.#screen.text(
      `Servers: ${total("requests")} requests, ${total("bytesWritten")} bytes written, ` +
        `${total("bytesRead")} bytes read, ${total("flushes")} flushes, ` +
        `asleep ${Math.round((100 * total("asleepNs")) / total("elapsedNs"))} % of the time`,
    );
  }

  /** The last lines on the screen. @returns The job's exit status. */
  end(reason: BenchError | undefined): number {
    this.#folder.close();
    this.#screen.end(this.#folder.resultsPath);
    if (reason !== undefined) return failures[reason.code].exit;
    return this.#folder.results.every(({ valid }) => valid) ? 0 : failures.ERR_WORKLOAD.exit;
  }
}

function runInfo({ config, map, mapHash, build, whereabouts }: RunningRank, describeTransports: () => string): RunInfo {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const onServers = config.target.kind === "benchfs";
  return {
    runId: config.runId,
    version,
    buildHash: build,
    rankMapHash: mapHash,
    command: config.commandLine,
    jobId: schedulerJobId(process.env),
    fs: config.target.kind,
    nodes: map.hosts.length,
    servers: onServers ? map.servers.length : 0,
    clients: map.clients.length,
    get transport() {
      return onServers ? describeTransports() : "";
    },
    durability: onServers ? config.durability : "pagecache",
    storageBackend: !onServers ? "posix" : config.durability === "memory" ? "memory" : "uring",
    oversubscribed: map.oversubscribed,
    leastLocalShare: leastLocalShare(whereabouts),
  };
}

/** Of all ranks; undefined if it is not known of each. */
function leastLocalShare(whereabouts: readonly Whereabouts[]): number | undefined {
  const shares = whereabouts.map(({ localShare }) => localShare ?? Number.NaN);
  const least = shares.reduce((a, b) => Math.min(a, b));
  return Number.isNaN(least) ? undefined : least;
}
