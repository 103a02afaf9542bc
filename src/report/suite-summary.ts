import type { Cell, Column } from "./column.ts";
import type { RunInfo } from "./results.ts";
import { schemaVersion } from "./results.ts";
import type { SuitePhaseScore, SuiteScore } from "./suite-score.ts";

const invalid = " [INVALID]";

/** The text of result_summary.txt: a line for each phase and one for the score in the layout that IO500's has. */
export function suiteSummary(run: Pick<RunInfo, "version">, score: SuiteScore): string {
  const { bandwidthGibS, metadataKiops, total, reasons } = score;
  const mark = score.valid ? "" : invalid;
  return [
    `BenchFS suite version ${run.version}: phases and formulas of IO500, but no IO500 score`,
    ...score.phases.map(phaseLine),
    `[SCORE ] Bandwidth ${bandwidthGibS.toFixed(6)} GiB/s : IOPS ${metadataKiops.toFixed(6)} kiops ` +
      `: TOTAL ${total.toFixed(6)}${mark}`,
    ...reasons.map((reason) => `[INVALID] ${reason}`),
    "",
  ].join("\n");
}

function phaseLine({ name, group, score, unit, elapsedS, valid }: SuitePhaseScore): string {
  const head = group === "none" ? "[      ]" : "[RESULT]";
  const value = `${score.toFixed(6).padStart(15)} ${unit.padEnd(5)}`;
  return `${head} ${name.padStart(20)} ${value} : time ${elapsedS.toFixed(3)} seconds${valid ? "" : invalid}`;
}

/** A line of suite.csv: a phase, or one of the three scores of the whole. */
export interface SuiteRow {
  readonly run: RunInfo;
  readonly name: string;
  readonly group: string;
  readonly score: number;
  readonly unit: string;
  readonly elapsedS: Cell;
  readonly valid: boolean;
  readonly reason: string;
}

/** The lines of suite.csv, in their order. */
export function suiteRows(run: RunInfo, score: SuiteScore): SuiteRow[] {
  const { valid, reasons } = score;
  const whole = (name: string, value: number, unit: string): SuiteRow => {
    return { run, name, group: "score", score: value, unit, elapsedS: undefined, valid, reason: reasons.join("; ") };
  };
  return [
    ...score.phases.map((phase) => ({ run, ...phase })),
    whole("bandwidth", score.bandwidthGibS, "GiB/s"),
    whole("metadata", score.metadataKiops, "kIOPS"),
    whole("total", score.total, ""),
  ];
}

function of(name: string, unit: string, about: string, value: (row: SuiteRow) => Cell): Column<SuiteRow> {
  return { name, unit, about, value };
}

/** The columns of suite.csv, in their order. */
export const suiteColumns: readonly Column<SuiteRow>[] = [
  of("schema", "", "Version of this table.", () => schemaVersion),
  of("run_id", "", "As in results.csv.", ({ run }) => run.runId),
  of("name", "", "Name of the phase, or of the score: bandwidth, metadata, total.", ({ name }) => name),
  of("score_group", "", "Mean that a phase counts in: bandwidth, metadata, none; score: it is one.", (r) => r.group),
  of("score", "", "In the unit of the next column; 0 of a phase that did not happen.", ({ score }) => score),
  of("score_unit", "", "GiB/s, or kIOPS: 1000 operations a second.", ({ unit }) => unit),
  of("elapsed_s", "s", "From the first client's start until the last one's end.", ({ elapsedS }) => elapsedS),
  of("valid", "", "Whether the phase, or all of the suite, counts.", ({ valid }) => valid),
  of("reason", "", "Why it does not.", ({ reason }) => reason),
];
