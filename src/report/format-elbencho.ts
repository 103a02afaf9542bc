import type { Cell, Column } from "./column.ts";
import type { PhaseFigures } from "./figures.ts";
import type { PhaseResult, RunInfo } from "./results.ts";

export interface ElbenchoRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly figures: PhaseFigures;
}

/** elbencho's operation by the end of a phase's name. */
const operations: readonly (readonly [kind: PhaseResult["kind"], end: RegExp, operation: string])[] = [
  ["transfers", /(^|-)write$/, "WRITE"],
  ["transfers", /(^|-)read$/, "READ"],
  ["items", /^directory-create$/, "MKDIRS"],
  ["items", /^directory-remove$/, "RMDIRS"],
  ["items", /^(file-create|mdtest-\w+-write)$/, "WRITE"],
  ["items", /^(file|mdtest-\w+)-stat$/, "STAT"],
  ["items", /^(file|mdtest-\w+)-read$/, "READ"],
  ["items", /^(remove|file-remove|mdtest-\w+-delete)$/, "RMFILES"],
];

/** What elbencho calls the phase, if it has one like it. */
export function elbenchoOperation({ kind, phase }: Pick<PhaseResult, "kind" | "phase">): string | undefined {
  return operations.find(([of, end]) => of === kind && end.test(phase))?.[2];
}

type Value = (row: ElbenchoRow) => Cell;

const isEntries = ({ result }: ElbenchoRow) => result.kind === "items";
const perSecond = (amount: number, { lastDoneS }: PhaseFigures) => Math.round(amount / lastDoneS);
const mib = (bytes: number) => Math.floor(bytes / 1024 / 1024);
const whole = (ns: number) => Math.round(ns / 1000);

/** A cell for entries, or for blocks of files, which are empty where a phase has none. */
const ofEntries =
  (value: (figures: PhaseFigures) => number): Value =>
  (row) =>
    isEntries(row) ? value(row.figures) : undefined;
const ofBlocks =
  (value: (figures: PhaseFigures) => number): Value =>
  (row) =>
    isEntries(row) ? undefined : value(row.figures);
const ofBytes =
  (value: (figures: PhaseFigures) => number): Value =>
  ({ figures }) =>
    figures.bytes === 0 ? undefined : value(figures);
const unknown: Value = () => undefined;

function latencies(kind: "Ent" | "IO", of: typeof ofEntries): [string, Value][] {
  return [
    [`${kind} lat us [min]`, of(({ latency }) => whole(latency.minNs))],
    [`${kind} lat us [avg]`, of(({ latency }) => whole(latency.meanNs))],
    [`${kind} lat us [max]`, of(({ latency }) => whole(latency.maxNs))],
  ];
}

/** The counters at an end; what they were when the first client was done is not recorded. */
const counters: [string, Value][] = [
  ["entries/s [first]", unknown],
  ["entries/s [last]", ofEntries((f) => perSecond(f.ops, f))],
  ["IOPS [first]", unknown],
  ["IOPS [last]", ofBlocks((f) => perSecond(f.ops, f))],
  ["MiB/s [first]", unknown],
  ["MiB/s [last]", ofBytes((f) => mib(f.bytes / f.lastDoneS))],
];
const totals: [string, Value][] = [
  ["entries [first]", unknown],
  ["entries [last]", ofEntries((f) => f.ops)],
  ["MiB [first]", unknown],
  ["MiB [last]", ofBytes((f) => mib(f.bytes))],
];
const allLatencies = [...latencies("Ent", ofEntries), ...latencies("IO", ofBlocks)];

/** elbencho's own, in its order; whole numbers, and empty cells for what does not apply, as it writes them. */
const cells: readonly [string, Value][] = [
  ["ISO date", ({ figures }) => new Date(figures.dateMs + figures.elapsedS * 1000).toISOString()],
  ["label", ({ run }) => run.runId],
  ["path type", (row) => (isEntries(row) ? "dir" : "file")],
  ["paths", () => 1],
  ["hosts", ({ run }) => run.nodes],
  ["threads", ({ run }) => run.clients / run.nodes],
  ["dirs", () => undefined],
  ["files", ({ result }) => result.options.itemsPerClient],
  ["file size", ({ result: { options } }) => options.blockBytes && options.blockBytes * (options.segments ?? 1)],
  ["block size", ({ result }) => result.options.transferBytes],
  ["direct IO", () => 0],
  ["random", ({ result }) => Number(Boolean((result.parameters as Record<string, unknown>).randomOffset))],
  ["random aligned", unknown],
  ["IO depth", ({ result }) => result.options.queueDepth],
  ["shared paths", ({ result }) => Number(result.options.filePerProcess !== true)],
  ["truncate", () => 0],
  ["operation", ({ result }) => elbenchoOperation(result)],
  ["time ms [first]", ({ figures }) => Math.round(figures.firstDoneS * 1000)],
  ["time ms [last]", ({ figures }) => Math.round(figures.lastDoneS * 1000)],
  ...counters,
  ["CPU% [first]", unknown],
  ["CPU% [last]", unknown],
  ...totals,
  ...allLatencies,
  ...[...counters, ...totals, ...allLatencies].map(([name]): [string, Value] => [`rwmix read ${name}`, unknown]),
  ["version", ({ run }) => `BenchFS ${run.version}`],
  ["command", ({ run }) => run.command],
];

/** The columns of elbencho's CSV file, with its header. */
export const elbenchoColumns: readonly Column<ElbenchoRow>[] = cells.map(([name, value]) => {
  return { name, unit: "", about: "", value };
});
