import { renameSync, writeFileSync } from "node:fs";
import { BenchError } from "../core/errors.ts";
import type { PhaseFigures } from "./figures.ts";
import { iorAccess } from "./format-ior.ts";
import type { FormatFile } from "./formats.ts";
import type { PhaseResult, RunInfo, WorkloadOptions } from "./results.ts";

type Access = "write" | "read";

interface Done {
  readonly access: Access;
  readonly iteration: number;
  readonly figures: PhaseFigures;
}

/** What IOR calls a test: one set of options, repeated. */
interface Test {
  readonly parameters: object;
  readonly options: WorkloadOptions;
  readonly done: Done[];
}

const mib = 1024 * 1024;
const mbPerMib = mib / 1e6;

/** IOR's time format: "Mon Nov 23 08:14:22 2026", here in UTC. */
function iorDate(dateMs: number): string {
  const [day, date, month, year, time] = new Date(dateMs).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${date} ${time} ${year}`;
}

/**
 * IOR's JSON output (summaryFormat=JSON). The file is written anew after every phase and put in place by a rename, so
 * that it is a whole document at any time.
 */
export class IorJsonFile implements FormatFile {
  readonly #path: string;
  readonly #tests: Test[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  record(run: RunInfo, result: PhaseResult): void {
    const access = iorAccess(result);
    const { figures, parameters, options, iteration } = result;
    if (access === undefined || figures === undefined) return;
    const last = this.#tests.at(-1);
    const test = last !== undefined && isSame(last.parameters, parameters) ? last : { parameters, options, done: [] };
    if (test !== last) this.#tests.push(test);
    test.done.push({ access, iteration, figures });
    this.#write(JSON.stringify(iorDocument(run, this.#tests), undefined, 2));
  }

  #write(text: string): void {
    const partial = `${this.#path}.partial`;
    try {
      writeFileSync(partial, `${text}\n`);
      renameSync(partial, this.#path);
    } catch (error) {
      const message = `cannot write ${this.#path}: ${(error as Error).message}`;
      throw new BenchError("ERR_STORAGE", message, { path: this.#path }, { cause: error });
    }
  }

  close(): void {}
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function iorDocument(run: RunInfo, tests: readonly Test[]): object {
  const dates = tests.flatMap(({ done }) => done.map(({ figures }) => figures.dateMs + figures.elapsedS * 1000));
  return {
    Version: `BenchFS-${run.version}`,
    Began: iorDate(tests[0]!.done[0]!.figures.dateMs),
    "Command line": run.command,
    Machine: `${run.nodes} nodes, ${run.servers} servers`,
    tests: tests.map((test, id) => testObject(run, test, id)),
    summary: tests.flatMap((test, id) =>
      (["write", "read"] as const)
        .filter((access) => test.done.some((one) => one.access === access))
        .map((access) => summaryObject(run, test, id, access)),
    ),
    Finished: iorDate(Math.max(...dates)),
  };
}

function testObject({ fs, nodes, clients }: RunInfo, { parameters, options, done }: Test, id: number): object {
  const iterations = [...new Set(done.map(({ iteration }) => iteration))];
  const best = (access: Access) =>
    Math.max(0, ...done.filter((one) => one.access === access).map(({ figures }) => figures.bandwidthMibS));
  return {
    TestID: id,
    StartTime: iorDate(done[0]!.figures.dateMs),
    Parameters: parameters,
    Options: {
      api: fs,
      access: options.filePerProcess ? "file-per-process" : "single-shared-file",
      segments: options.segments,
      nodes,
      tasks: clients,
      "clients per node": clients / nodes,
      repetitions: iterations.length,
      xfersize: options.transferBytes,
      blocksize: options.blockBytes,
    },
    Results: iterations.map((wanted) =>
      done.filter(({ iteration }) => iteration === wanted).map((one) => resultObject(one, options)),
    ),
    max: {
      writeMiB: best("write"),
      writeMB: best("write") * mbPerMib,
      readMiB: best("read"),
      readMB: best("read") * mbPerMib,
    },
  };
}

function resultObject({ access, figures }: Done, options: WorkloadOptions): object {
  return {
    access,
    bwMiB: figures.bandwidthMibS,
    blockKiB: (options.blockBytes ?? 0) / 1024,
    xferKiB: (options.transferBytes ?? 0) / 1024,
    iops: figures.iops,
    latency: figures.latencyS,
    openTime: figures.openS,
    wrRdTime: figures.operationsS,
    closeTime: figures.closeS,
    totalTime: figures.elapsedS,
  };
}

/** Largest, smallest, mean and standard deviation (of the values themselves, not of a sample). */
function spread(values: readonly number[]): { max: number; min: number; mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { max: Math.max(...values), min: Math.min(...values), mean, sd: Math.sqrt(variance) };
}

function summaryObject(run: RunInfo, { parameters, options, done }: Test, id: number, access: Access): object {
  const figures = done.filter((one) => one.access === access).map((one) => one.figures);
  const bandwidth = spread(figures.map(({ bandwidthMibS }) => bandwidthMibS));
  const rate = spread(figures.map(({ ops, elapsedS }) => ops / elapsedS));
  const given = parameters as Record<string, unknown>;
  return {
    operation: access,
    API: run.fs,
    TestID: id,
    ReferenceNumber: given.refNum ?? 0,
    segmentCount: options.segments,
    blockSize: options.blockBytes,
    transferSize: options.transferBytes,
    numTasks: run.clients,
    tasksPerNode: run.clients / run.nodes,
    repetitions: figures.length,
    filePerProc: Number(options.filePerProcess ?? false),
    reorderTasks: Number(given.reorderTasks ?? false),
    taskPerNodeOffset: given.taskPerNodeOffset ?? 0,
    reorderTasksRandom: Number(given.reorderTasksRandom ?? 0),
    reorderTasksRandomSeed: given.reorderTasksRandomSeed ?? 0,
    bwMaxMIB: bandwidth.max,
    bwMinMIB: bandwidth.min,
    bwMeanMIB: bandwidth.mean,
    bwStdMIB: bandwidth.sd,
    OPsMax: rate.max,
    OPsMin: rate.min,
    OPsMean: rate.mean,
    OPsSD: rate.sd,
    MeanTime: spread(figures.map(({ elapsedS }) => elapsedS)).mean,
    xsizeMiB: Math.max(...figures.map(({ bytes }) => bytes)) / mib,
  };
}
