import { describe, expect, it } from "vitest";
import { locatedRankColumns } from "../rankmap/show.ts";
import { attributionColumns } from "./attribution-columns.ts";
import type { Cell, Column } from "./column.ts";
import { columnsPage } from "./columns-page.ts";
import { phaseFigures, type RankResult } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import { counted } from "./process-counters.ts";
import { type RankRow, rankColumns } from "./ranks.ts";
import { type PhaseResult, type ResultRow, type RunInfo, resultColumns } from "./results.ts";
import { type ServerCounters, serverColumns } from "./servers.ts";
import { suiteColumns } from "./suite-summary.ts";
import { timelineColumns } from "./timeline.ts";

const run: RunInfo = {
  runId: "r1",
  version: "0.1.0",
  buildHash: "b",
  rankMapHash: "m",
  command: "run ior",
  jobId: "17",
  fs: "benchfs",
  nodes: 1,
  servers: 2,
  clients: 1,
  transport: "posix/memory",
  durability: "pagecache",
  storageBackend: "uring",
  oversubscribed: true,
  leastLocalShare: 0.75,
};

const latency = new Histogram();
for (const ns of [100, 200, 200, 200_000]) latency.record(ns);
const rank: RankResult = {
  client: 0,
  host: "h0",
  openStartS: 1000,
  openStopS: 1000.5,
  operationsStartS: 1000.5,
  operationsStopS: 1002.5,
  closeStartS: 1002.5,
  closeStopS: 1004,
  bytes: 4 * 1048576,
  ops: 4,
  finished: 4,
  errors: 0,
  verifyErrors: 0,
  firstError: "",
  stopped: "",
  latency,
};
const result: PhaseResult = {
  workload: "ior",
  phase: "write",
  kind: "transfers",
  iteration: 0,
  options: { blockBytes: 4194304, transferBytes: 1048576, segments: 1, filePerProcess: true, queueDepth: 1 },
  parameters: { transferBytes: 1048576, fsync: true },
  figures: phaseFigures([rank]),
  valid: true,
  reason: "",
  remarks: "",
};

const resultsHeader = `
    schema run_id date version build_hash rank_map_hash command job_id fs nodes servers clients transport
    durability storage_backend oversubscribed least_local_share workload phase iteration block_bytes transfer_bytes segments
    file_per_proc items_per_client queue_depth stonewall_s parameters bytes ops errors verify_errors
    stonewalled first_done_s last_done_s elapsed_s bw_mib_s iops latency_s open_s wrrd_s close_s total_s
    mdtest_rate mdtest_total_rate lat_mean_us lat_p50_us lat_p90_us lat_p99_us lat_p99_9_us lat_max_us
    slowest_client start_spread_s valid reason remarks`
  .trim()
  .split(/\s+/);

const ranksHeader = `
    schema run_id workload phase iteration client host open_start_s open_stop_s wrrd_start_s wrrd_stop_s
    close_start_s close_stop_s bytes ops errors verify_errors lat_mean_us lat_p50_us lat_p99_us lat_max_us
    calls call_us cpu_share system_share native_share waiting_share javascript_share gc_share asleep_share busy_share
    stopped first_error`
  .trim()
  .split(/\s+/);

/** Cells by column name, without those that are empty. */
function cells<Row>(columns: readonly Column<Row>[], row: Row): Record<string, Cell> {
  const all = columns.map((column) => [column.name, column.value(row)] as const);
  return Object.fromEntries(all.filter(([, cell]) => cell !== undefined && cell !== "" && !Number.isNaN(cell)));
}

describe("results.csv", () => {
  it("has these columns: a change breaks the scripts of users, and needs another schema version", () => {
    expect(resultColumns.map(({ name }) => name)).toEqual(resultsHeader);
    expect(rankColumns.map(({ name }) => name)).toEqual(ranksHeader);
  });

  it("has rows that stand alone", () => {
    const row: ResultRow = { run, result };
    expect(cells(resultColumns, row)).toMatchInlineSnapshot(`
      {
        "block_bytes": 4194304,
        "build_hash": "b",
        "bw_mib_s": 1,
        "bytes": 4194304,
        "clients": 1,
        "close_s": 1.5,
        "command": "run ior",
        "date": "1970-01-01T00:16:40.000Z",
        "durability": "pagecache",
        "elapsed_s": 4,
        "errors": 0,
        "file_per_proc": true,
        "first_done_s": 2.5,
        "fs": "benchfs",
        "iops": 2,
        "iteration": 0,
        "job_id": "17",
        "last_done_s": 2.5,
        "lat_max_us": 200,
        "lat_mean_us": 50.125,
        "lat_p50_us": 0.2,
        "lat_p90_us": 200,
        "lat_p99_9_us": 200,
        "lat_p99_us": 200,
        "latency_s": 0.5,
        "least_local_share": 0.75,
        "nodes": 1,
        "open_s": 0.5,
        "ops": 4,
        "oversubscribed": true,
        "parameters": "{"transferBytes":1048576,"fsync":true}",
        "phase": "write",
        "queue_depth": 1,
        "rank_map_hash": "m",
        "run_id": "r1",
        "schema": 2,
        "segments": 1,
        "servers": 2,
        "slowest_client": 0,
        "start_spread_s": 0,
        "stonewalled": false,
        "storage_backend": "uring",
        "total_s": 4,
        "transfer_bytes": 1048576,
        "transport": "posix/memory",
        "valid": true,
        "verify_errors": 0,
        "version": "0.1.0",
        "workload": "ior",
        "wrrd_s": 2,
      }
    `);
  });

  it("has no figures for a phase that did not happen, but says why", () => {
    const row: ResultRow = { run, result: { ...result, figures: undefined, valid: false, reason: "client 2 is lost" } };
    const found = cells(resultColumns, row);
    expect(found).toMatchObject({ run_id: "r1", phase: "write", valid: false, reason: "client 2 is lost" });
    for (const name of ["date", "bytes", "bw_mib_s", "lat_p50_us"]) expect(found).not.toHaveProperty(name);
  });

  it("has mdtest's rates for items, and IOR's times for transfers", () => {
    const items = cells(resultColumns, { run, result: { ...result, kind: "items" } });
    expect(items).toMatchObject({ mdtest_rate: 2, mdtest_total_rate: 2 });
    expect(items).not.toHaveProperty("open_s");
    expect(cells(resultColumns, { run, result })).not.toHaveProperty("mdtest_rate");
  });
});

describe("ranks.csv", () => {
  it("has the raw stamps", () => {
    const row: RankRow = { run, result, rank };
    expect(cells(rankColumns, row)).toMatchInlineSnapshot(`
      {
        "bytes": 4194304,
        "client": 0,
        "close_start_s": 1002.5,
        "close_stop_s": 1004,
        "errors": 0,
        "host": "h0",
        "iteration": 0,
        "lat_max_us": 200,
        "lat_mean_us": 50.125,
        "lat_p50_us": 0.2,
        "lat_p99_us": 200,
        "open_start_s": 1000,
        "open_stop_s": 1000.5,
        "ops": 4,
        "phase": "write",
        "run_id": "r1",
        "schema": 2,
        "verify_errors": 0,
        "workload": "ior",
        "wrrd_start_s": 1000.5,
        "wrrd_stop_s": 1002.5,
      }
    `);
  });
});

describe("servers.csv", () => {
  const before: ServerCounters = {
    requests: 10,
    bytesRead: 1,
    bytesWritten: 2,
    flushes: 3,
    bufferWaits: 4,
    bufferWaitNs: 1e6,
    serviceSamples: 10,
    serviceNs: 1e6,
    deviceAccesses: 5,
    deviceSamples: 5,
    deviceNs: 1e6,
    metadataBytes: 4096,
    elapsedNs: 1e9,
    waitingNs: 0,
    collectingNs: 0,
    nativeNs: 5e8,
    javaScriptNs: 1e8,
    asleepNs: 2e8,
    userNs: 3e8,
    systemNs: 1e8,
  };

  it("has what a server did between two readings, times as shares of that time", () => {
    const after = {
      ...before,
      requests: 15,
      bytesWritten: 4098,
      elapsedNs: 3e9,
      asleepNs: 12e8,
      systemNs: 6e8,
      waitingNs: 4e8,
      bufferWaits: 6,
      bufferWaitNs: 5e6,
      serviceSamples: 12,
      serviceNs: 2e6,
      deviceSamples: 9,
      deviceNs: 3e6,
    };
    const place = { server: 1, rank: 4, host: "h1" };
    expect(
      cells(serverColumns, {
        run,
        result,
        place,
        counters: counted(before, after),
        payloadShare: 0.5,
        plannedShare: undefined,
      }),
    ).toMatchObject({
      server: 1,
      rank: 4,
      host: "h1",
      requests: 5,
      read_bytes: 0,
      written_bytes: 4096,
      serving_s: 2,
      cpu_share: 0.25,
      system_share: 0.25,
      asleep_share: 0.5,
      javascript_share: 0,
      buffer_wait_us: 2000,
      service_us: 500,
      device_us: 500,
      waiting_share: 0.2,
      busy_share: expect.closeTo(0.15, 12),
    });
  });
});

describe("column tables", () => {
  const tables = [
    { file: "results.csv", about: "A row for each phase of each iteration; it stands alone.", columns: resultColumns },
    {
      file: "ranks.csv",
      about: "A row for each client in each phase, with the raw time stamps.",
      columns: rankColumns,
    },
    { file: "servers.csv", about: "A row for each server in each phase.", columns: serverColumns },
    {
      file: "attribution.csv",
      about: "A row for each phase that happened: where its time went, and who was last.",
      columns: attributionColumns,
    },
    {
      file: "suite.csv",
      about: "A row for each phase of the suite, and for each of its scores.",
      columns: suiteColumns,
    },
    {
      file: "timeline.csv",
      about: "With `--timeline`: a row for each client and second of the operations of a phase.",
      columns: timelineColumns,
    },
    { file: "rankmap.csv", about: "A row for each rank: what it was and where it ran.", columns: locatedRankColumns },
  ];

  it.each(tables)("$file: names are unique, snake_case, and end with their unit", ({ columns }) => {
    const names = columns.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const suffixes: Record<string, string> = { s: "_s", us: "_us", "MiB/s": "_mib_s", bytes: "bytes", "1/s": "" };
    for (const { name, unit, about } of columns) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      if (unit !== "") expect(name.endsWith(suffixes[unit]!)).toBe(true);
      expect(about).toMatch(/^[^|\n]+\.$/);
    }
  });

  it("are what docs/columns.md says (npx vitest run src/report -u writes it)", async () => {
    await expect(columnsPage(tables)).toMatchFileSnapshot("../../docs/columns.md");
  });
});
