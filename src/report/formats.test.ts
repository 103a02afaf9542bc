import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, expect, it } from "vitest";
import { phaseFigures, type RankResult } from "./figures.ts";
import type { FormatName } from "./format-names.ts";
import { openFormat } from "./formats.ts";
import { Histogram } from "./histogram.ts";
import type { PhaseResult, RunInfo } from "./results.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "formats-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run: RunInfo = {
  runId: "r1",
  version: "0.1.0",
  buildHash: "b",
  rankMapHash: "m",
  command: "run ior",
  jobId: "",
  fs: "benchfs",
  nodes: 2,
  servers: 2,
  clients: 4,
  transport: "",
  durability: "pagecache",
  storageBackend: "uring",
  oversubscribed: false,
  leastLocalShare: 1,
};

/** One client's phase that took 4 s, 3 of them for 64 operations, from 2026-11-23 08:14:22 UTC. */
const startS = Date.UTC(2026, 10, 23, 8, 14, 22) / 1000;
function rank(scale: number): RankResult {
  const latency = new Histogram();
  latency.record(1000);
  latency.record(3000);
  return {
    client: 0,
    host: "h",
    openStartS: startS,
    openStopS: startS + 0.5,
    operationsStartS: startS + 0.5,
    operationsStopS: startS + 3.5,
    closeStartS: startS + 3.5,
    closeStopS: startS + 4,
    bytes: scale * 64 * 1024 * 1024,
    ops: 64,
    finished: 64,
    errors: 0,
    verifyErrors: 0,
    firstError: "",
    stopped: "",
    latency,
  };
}

const options = { blockBytes: 64 * 1024 * 1024, transferBytes: 1024 * 1024, segments: 1, filePerProcess: true };
function result(phase: string, kind: PhaseResult["kind"], iteration = 0, scale = 1): PhaseResult {
  return {
    workload: kind === "items" ? "mdtest" : "ior",
    phase,
    kind,
    iteration,
    options: kind === "items" ? { itemsPerClient: 64, queueDepth: 1 } : { ...options, queueDepth: 1 },
    parameters: { reorderTasks: true, taskPerNodeOffset: 1, refNum: 0 },
    figures: phaseFigures([rank(kind === "items" ? 0 : scale)]),
    valid: true,
    reason: "",
    remarks: "",
  };
}
const missing: PhaseResult = { ...result("write", "transfers"), figures: undefined, valid: false, reason: "stopped" };

function write(format: FormatName, results: readonly PhaseResult[]): string {
  const file = openFormat(format, folder);
  for (const one of results) file.record(run, one);
  file.close();
  const [name] = readdirSync(folder);
  return name === undefined ? "" : readFileSync(join(folder, name), "utf8");
}

it("ior.csv has IOR's header, and the rows that IOR prints", () => {
  const results = [
    result("write", "transfers"),
    result("write-check", "transfers"),
    result("remove", "items"),
    missing,
  ];
  // 64 MiB in 4 s; 64 operations in 3 s, and 3/64 s each.
  expect(write("ior", [...results, result("ior-hard-read", "transfers", 1)])).toBe(
    `access,bw(MiB/s),IOPS,Latency,block(KiB),xfer(KiB),open(s),wr/rd(s),close(s),total(s),numTasks,iter
write,16,21.333333333333332,0.046875,65536,1024,0.5,3,0.5,4,4,0
read,16,21.333333333333332,0.046875,65536,1024,0.5,3,0.5,4,4,1
`,
  );
});

it("ior.json is IOR's document, whole after every phase", () => {
  const phases = [
    result("write", "transfers", 0, 1),
    result("read", "transfers", 0, 3),
    missing,
    result("write", "transfers", 1, 2),
  ];
  const file = openFormat("ior-json", folder);
  for (const phase of phases) {
    file.record(run, phase);
    expect(readdirSync(folder)).toEqual(["ior.json"]);
    JSON.parse(readFileSync(join(folder, "ior.json"), "utf8"));
  }
  const document = JSON.parse(readFileSync(join(folder, "ior.json"), "utf8"));
  expect(Object.keys(document)).toEqual([
    "Version",
    "Began",
    "Command line",
    "Machine",
    "tests",
    "summary",
    "Finished",
  ]);
  expect(document).toMatchObject({ Began: "Mon Nov 23 08:14:22 2026", Finished: "Mon Nov 23 08:14:26 2026" });
  expect(document.tests).toHaveLength(1);
  const [test] = document.tests;
  expect(test.Options).toMatchObject({ access: "file-per-process", nodes: 2, tasks: 4, "clients per node": 2 });
  expect(test.Results.map((one: { access: string }[]) => one.map(({ access }) => access))).toEqual([
    ["write", "read"],
    ["write"],
  ]);
  expect(test.Results[0][0]).toEqual({
    access: "write",
    bwMiB: 16,
    blockKiB: 65536,
    xferKiB: 1024,
    iops: 64 / 3,
    latency: 3 / 64,
    openTime: 0.5,
    wrRdTime: 3,
    closeTime: 0.5,
    totalTime: 4,
  });
  expect(test.max).toEqual({ writeMiB: 32, writeMB: 33.554432, readMiB: 48, readMB: 50.331648 });
  // 16 and 32 MiB/s: mean 24, deviation 8.
  expect(document.summary).toMatchObject([
    { operation: "write", repetitions: 2, bwMaxMIB: 32, bwMinMIB: 16, bwMeanMIB: 24, bwStdMIB: 8, MeanTime: 4 },
    { operation: "read", repetitions: 1, bwMeanMIB: 48, bwStdMIB: 0, OPsMean: 16, reorderTasks: 1 },
  ]);
});

it("elbencho.csv has elbencho's columns, and its operations for ours", () => {
  const text = write("elbencho", [
    result("write", "transfers"),
    result("tree-create", "items"),
    result("file-create", "items"),
    result("mdtest-hard-stat", "items"),
    missing,
    result("directory-remove", "items"),
  ]);
  const rows: Record<string, string>[] = parse(text, { columns: true });
  expect(rows.map(({ operation }) => operation)).toEqual(["WRITE", "WRITE", "STAT", "RMDIRS"]);
  const header = text.split("\n")[0]!.split(",");
  expect(header.slice(0, 19).join()).toBe(
    "ISO date,label,path type,paths,hosts,threads,dirs,files,file size,block size,direct IO,random,random aligned," +
      "IO depth,shared paths,truncate,operation,time ms [first],time ms [last]",
  );
  expect(header.slice(19, 37).join()).toBe(
    "entries/s [first],entries/s [last],IOPS [first],IOPS [last],MiB/s [first],MiB/s [last],CPU% [first],CPU% [last]," +
      "entries [first],entries [last],MiB [first],MiB [last],Ent lat us [min],Ent lat us [avg],Ent lat us [max]," +
      "IO lat us [min],IO lat us [avg],IO lat us [max]",
  );
  expect(header.slice(37, 53).every((name) => name.startsWith("rwmix read "))).toBe(true);
  expect(header.slice(53)).toEqual(["version", "command"]);
  expect(rows[0]).toMatchObject({
    "ISO date": "2026-11-23T08:14:26.000Z",
    "path type": "file",
    hosts: "2",
    threads: "2",
    "file size": "67108864",
    "time ms [last]": "3500",
    "IOPS [last]": "18",
    "MiB/s [last]": "18",
    "MiB [last]": "64",
    "IO lat us [avg]": "2",
    "entries [last]": "",
  });
  expect(rows[2]).toMatchObject({ "path type": "dir", files: "64", "entries/s [last]": "18", "Ent lat us [max]": "3" });
  expect(rows[2]).toMatchObject({ "IOPS [last]": "", "MiB [last]": "" });
});
