import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { BenchError } from "../core/errors.ts";
import type { RankMap, Whereabouts } from "../rankmap/facts.ts";
import { type LocatedRank, locatedRankColumns } from "../rankmap/show.ts";
import { type AttributionRow, attribute, attributionColumns, type ServerSite } from "../report/attribution-columns.ts";
import { CsvFile } from "../report/csv-file.ts";
import type { RankResult } from "../report/figures.ts";
import type { FormatName } from "../report/format-names.ts";
import { type FormatFile, openFormat } from "../report/formats.ts";
import { type RankRow, rankColumns } from "../report/ranks.ts";
import { type PhaseResult, type ResultRow, type RunInfo, resultColumns } from "../report/results.ts";
import { type ServerCounters, type ServerPlace, type ServerRow, serverColumns } from "../report/servers.ts";
import type { SuiteScore } from "../report/suite-score.ts";
import { type SuiteRow, suiteColumns, suiteRows, suiteSummary } from "../report/suite-summary.ts";
import { type TimelineRow, timelineColumns } from "../report/timeline.ts";

interface MapAndWhereabouts {
  readonly map: RankMap;
  /** By rank. */
  readonly whereabouts: readonly Whereabouts[];
}

/** The folder of one run's results: config, rankmap.csv, results.csv, ranks.csv, servers.csv, attribution.csv. Every write is whole rows. */
export class ResultsFolder {
  readonly path: string;
  readonly results: PhaseResult[] = [];
  readonly #results: CsvFile<ResultRow>;
  readonly #ranks: CsvFile<RankRow>;
  readonly #servers: CsvFile<ServerRow>;
  /** Opened for the first sample. */
  #timeline: CsvFile<TimelineRow> | undefined;
  readonly #format: FormatFile | undefined;
  readonly #attribution: CsvFile<AttributionRow>;
  readonly #serverPlaces: readonly (ServerPlace & ServerSite)[];
  /** Space that each server's names have come to take in this run. */
  readonly #metadataBytes: number[];

  /** @throws BenchError ERR_CONFIG if the folder cannot be made or written. */
  constructor(path: string, { map, whereabouts }: MapAndWhereabouts, configText: string, format?: FormatName) {
    this.path = resolve(path);
    this.#serverPlaces = map.servers.map((rank, server) => ({ ...map.places[rank]!, server }));
    this.#metadataBytes = map.servers.map(() => 0);
    try {
      mkdirSync(this.path, { recursive: true });
      writeFileSync(join(this.path, "config.toml"), configText);
      const places = new CsvFile<LocatedRank>(join(this.path, "rankmap.csv"), locatedRankColumns);
      for (const place of map.places) places.append({ place, found: whereabouts[place.rank]! });
      places.close();
      this.#results = new CsvFile(join(this.path, "results.csv"), resultColumns);
      this.#ranks = new CsvFile(join(this.path, "ranks.csv"), rankColumns);
      this.#servers = new CsvFile(join(this.path, "servers.csv"), serverColumns);
      this.#attribution = new CsvFile(join(this.path, "attribution.csv"), attributionColumns);
      if (format !== undefined) this.#format = openFormat(format, this.path);
    } catch (error) {
      throw new BenchError(
        "ERR_CONFIG",
        `--out ${path}: ${(error as Error).message}: name a folder that can be written`,
      );
    }
  }

  get resultsPath(): string {
    return join(this.path, "results.csv");
  }

  /** @param planned Bytes of each server, in the proportions that placement gives the phase; undefined: not known. */
  record(
    run: RunInfo,
    result: PhaseResult,
    ranks: readonly RankResult[],
    servers: readonly ServerCounters[],
    planned: readonly number[] | undefined,
  ): void {
    this.results.push(result);
    this.#results.append({ run, result });
    this.#format?.record(run, result);
    for (const [i, counters] of servers.entries()) this.#metadataBytes[i]! += counters.metadataBytes;
    const row = attribute(run, result, ranks, servers, this.#serverPlaces, this.#metadataBytes);
    if (row !== undefined) this.#attribution.append(row);
    for (const rank of ranks) {
      this.#ranks.append({ run, result, rank });
      this.#recordTimeline(run, result, rank);
    }
    const payloadShares = shares(servers.map(({ bytesRead, bytesWritten }) => bytesRead + bytesWritten));
    // A phase without payload has no shares, planned or not.
    const plannedShares = planned && shares(planned.map((bytes, i) => (Number.isNaN(payloadShares[i]) ? NaN : bytes)));
    for (const [i, counters] of servers.entries()) {
      const place = this.#serverPlaces[i]!;
      this.#servers.append({
        ...{ run, result, place, counters },
        payloadShare: payloadShares[i]!,
        plannedShare: plannedShares?.[i],
      });
    }
  }

  #recordTimeline(run: RunInfo, result: PhaseResult, rank: RankResult): void {
    if (rank.timeline === undefined) return;
    this.#timeline ??= new CsvFile(join(this.path, "timeline.csv"), timelineColumns);
    for (const sample of rank.timeline) this.#timeline.append({ run, result, rank, sample });
  }

  /** Writes suite.csv and result_summary.txt. @returns The text of the latter. */
  score(run: RunInfo, score: SuiteScore): string {
    const file = new CsvFile<SuiteRow>(join(this.path, "suite.csv"), suiteColumns);
    for (const row of suiteRows(run, score)) file.append(row);
    file.close();
    const summary = suiteSummary(run, score);
    writeFileSync(join(this.path, "result_summary.txt"), summary);
    return summary;
  }

  close(): void {
    this.#results.close();
    this.#ranks.close();
    this.#servers.close();
    this.#attribution.close();
    this.#format?.close();
    this.#timeline?.close();
  }
}

/** Each one's part of the sum; NaN if that is 0. */
function shares(amounts: readonly number[]): number[] {
  const total = amounts.reduce((sum, amount) => sum + amount, 0);
  return amounts.map((amount) => amount / total);
}
