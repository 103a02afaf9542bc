import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import type CliTable from "cli-table3";
import { KiB, MiB } from "../core/units.ts";
import type { PhaseFigures } from "./figures.ts";
import type { Progress } from "./progress.ts";
import type { PhaseResult } from "./results.ts";

/** Where a screen is: a terminal, or the log of a batch job. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A line on a terminal can be rewritten; in a log every line stays, so there are few. */
const terminalIntervalMs = 200;
const logIntervalMs = 10_000;

/** Three digits or more: what a reader compares. The exact figures are in the CSV file. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100 || value === 0) return value.toFixed(0);
  return value.toPrecision(3);
}

function name({ workload, phase, iteration }: { workload: string; phase: string; iteration: number }): string {
  return `${workload} ${phase} #${iteration}`;
}

function rate(kind: PhaseResult["kind"], figures: PhaseFigures): string {
  const operations = `${short(kind === "items" ? figures.slowestRate : figures.iops)} ops/s`;
  return kind === "items" ? operations : `${short(figures.bandwidthMibS)} MiB/s, ${operations}`;
}

/** One line on a phase that has ended. */
function resultLine(result: PhaseResult): string {
  const { figures, kind, options } = result;
  const verdict = result.valid ? "" : `  INVALID: ${result.reason}`;
  const what =
    kind === "messages" ? `${name(result)} ${options.transferBytes} B x ${options.queueDepth}` : name(result);
  if (figures === undefined) return `${what}: no figures${verdict}`;
  const tail = `p50 ${short(figures.latency.quantileNs(0.5) / 1000)} us, p99 ${short(figures.latency.quantileNs(0.99) / 1000)} us`;
  return `${what}: ${rate(kind, figures)}, ${tail}, ${short(figures.elapsedS)} s${verdict}`;
}

function progressLine(progress: Progress): string {
  const { operationsDone, operations, bytes, elapsedS } = progress;
  const percent = Math.floor((100 * operationsDone) / operations);
  const bandwidth = bytes === 0 ? "" : `${short(bytes / MiB / elapsedS)} MiB/s, `;
  const rates = `${bandwidth}${short(operationsDone / elapsedS)} ops/s of client 0`;
  return `${name(progress)}: ${percent} %, ${rates}, ${elapsedS.toFixed(0)} s`;
}

interface Field {
  readonly head: string;
  cell(result: PhaseResult, figures: PhaseFigures): string;
}

const latencyFields: readonly Field[] = [0.5, 0.99].map((quantile) => ({
  head: `p${quantile * 100}(us)`,
  cell: (_, { latency }) => short(latency.quantileNs(quantile) / 1000),
}));

const verdictFields: readonly Field[] = [
  { head: "errors", cell: (_, { errors, verifyErrors }) => String(errors + verifyErrors) },
  { head: "iter", cell: ({ iteration }) => String(iteration) },
  { head: "valid", cell: ({ valid }) => (valid ? "yes" : "NO") },
];

/** IOR's columns, then ours. */
const transferFields: readonly Field[] = [
  { head: "access", cell: ({ phase }) => phase },
  { head: "bw(MiB/s)", cell: (_, { bandwidthMibS }) => short(bandwidthMibS) },
  { head: "IOPS", cell: (_, { iops }) => short(iops) },
  { head: "Latency(s)", cell: (_, { latencyS }) => short(latencyS) },
  { head: "block(KiB)", cell: ({ options }) => short((options.blockBytes ?? Number.NaN) / KiB) },
  { head: "xfer(KiB)", cell: ({ options }) => short((options.transferBytes ?? Number.NaN) / KiB) },
  { head: "open(s)", cell: (_, { openS }) => short(openS) },
  { head: "wr/rd(s)", cell: (_, { operationsS }) => short(operationsS) },
  { head: "close(s)", cell: (_, { closeS }) => short(closeS) },
  { head: "total(s)", cell: (_, { elapsedS }) => short(elapsedS) },
  ...latencyFields,
  ...verdictFields,
];

const itemFields: readonly Field[] = [
  { head: "operation", cell: ({ workload, phase }) => `${workload} ${phase}` },
  { head: "items", cell: (_, { ops }) => String(ops) },
  { head: "rate(ops/s)", cell: (_, { slowestRate }) => short(slowestRate) },
  { head: "total rate(ops/s)", cell: (_, { totalRate }) => short(totalRate) },
  { head: "total(s)", cell: (_, { elapsedS }) => short(elapsedS) },
  ...latencyFields,
  { head: "max(us)", cell: (_, { latency }) => short(latency.maxNs / 1000) },
  ...verdictFields,
];

/** The sides of OSU's and ucx_perftest's tables; latency is the round trip. */
const messageFields: readonly Field[] = [
  { head: "test", cell: ({ workload, phase }) => `${workload} ${phase}` },
  { head: "size(B)", cell: ({ options }) => String(options.transferBytes ?? 0) },
  { head: "window", cell: ({ options }) => String(options.queueDepth) },
  { head: "bw(MiB/s)", cell: (_, { bytes, bandwidthMibS }) => (bytes === 0 ? "-" : short(bandwidthMibS)) },
  { head: "messages/s", cell: (_, { iops }) => short(iops) },
  { head: "avg(us)", cell: (_, { latency }) => short(latency.meanNs / 1000) },
  ...latencyFields,
  { head: "max(us)", cell: (_, { latency }) => short(latency.maxNs / 1000) },
  ...verdictFields,
];

const fieldsOfKind: ReadonlyMap<PhaseResult["kind"], readonly Field[]> = new Map([
  ["transfers", transferFields],
  ["items", itemFields],
  ["messages", messageFields],
]);

const noBorders = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"]
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`, `mid-mid`])
    .map((part) => [part, ""]),
);

/** The phases that have figures as a plain text table; "" if none has. */
function table(fields: readonly Field[], results: readonly PhaseResult[]): string {
  const rows = results.flatMap((result) => {
    const { figures } = result;
    return figures === undefined ? [] : [fields.map((field) => field.cell(result, figures))];
  });
  if (rows.length === 0) return "";
  const head = fields.map((field) => field.head);
  // Loaded here, since of the thousands of processes that have this module only one shows tables.
  const Table: typeof CliTable = createRequire(import.meta.url)("cli-table3");
  const text = new Table({
    chars: { ...noBorders, middle: "  " },
    // No colours and no padding: a log is text.
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: fields.map((_, column) => (column === 0 ? "left" : "right")),
  });
  text.push(
    head,
    head.map((title) => "-".repeat(title.length)),
    ...rows,
  );
  return text.toString();
}

export interface ScreenOptions {
  readonly quiet: boolean;
  readonly output?: Output;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

/** What the user sees while a run goes on, and at its end. If quiet, that is nothing but phases that are not valid. */
export class Screen {
  readonly #output: Output;
  readonly #nowMs: () => number;
  readonly #quiet: boolean;
  /** Of a terminal; 0: a log. */
  readonly #widthColumns: number;
  readonly #intervalMs: number;
  readonly #results: PhaseResult[] = [];
  #lastMs = 0;
  #progressShown = false;
  #phase = "";

  constructor({ quiet, output = process.stdout, nowMs = () => performance.now() }: ScreenOptions) {
    this.#output = output;
    this.#nowMs = nowMs;
    this.#quiet = quiet;
    // Open MPI gives every rank a pseudo-terminal, also when its own output is a file; but one without a width.
    this.#widthColumns = output.isTTY === true ? (output.columns ?? 0) : 0;
    this.#intervalMs = this.#widthColumns > 0 ? terminalIntervalMs : logIntervalMs;
  }

  /** Shows progress now and then: one line that is rewritten on a terminal, a line every 10 s in a log. */
  progress(progress: Progress): void {
    if (this.#quiet) return;
    const nowMs = this.#nowMs();
    if (this.#phase !== name(progress)) {
      this.#phase = name(progress);
      this.#lastMs = nowMs;
    }
    if (nowMs - this.#lastMs < this.#intervalMs) return;
    this.#lastMs = nowMs;
    const line = progressLine(progress);
    if (this.#widthColumns > 0) {
      this.#output.write(`\r\x1b[K${line.slice(0, this.#widthColumns - 1)}`);
      this.#progressShown = true;
    } else {
      this.#line(line);
    }
  }

  /** Shows a phase that has ended, and keeps it for the tables. */
  row(result: PhaseResult): void {
    this.#results.push(result);
    if (!this.#quiet || !result.valid) this.#line(resultLine(result));
  }

  /** Shows text, in place of the line of progress if there is one. */
  text(text: string): void {
    if (!this.#quiet) this.#line(text);
  }

  /** Shows all phases as tables, how many are not valid, and where the exact figures are. */
  end(resultsPath: string): void {
    if (this.#quiet) return;
    for (const [kind, fields] of fieldsOfKind) {
      const results = this.#results.filter((result) => result.kind === kind);
      const text = table(fields, results);
      if (text !== "") this.#line(`\n${text}`);
    }
    const invalid = this.#results.filter(({ valid }) => !valid).length;
    const verdict = invalid === 0 ? "all valid" : `${invalid} NOT VALID`;
    this.#line(`\n${this.#results.length} phases, ${verdict}. Results: ${resultsPath}`);
  }

  #line(text: string): void {
    this.#output.write(`${this.#progressShown ? "\r\x1b[K" : ""}${text}\n`);
    this.#progressShown = false;
  }
}
