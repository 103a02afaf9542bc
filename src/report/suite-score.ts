import type { PhaseFigures } from "./figures.ts";

/** Which mean a phase of the suite counts in. */
export type SuiteGroup = "bandwidth" | "metadata" | "none";

/** How a phase is scored: IOR's bandwidth, mdtest's total rate, entries over the whole time of a search, not at all. */
export type SuiteMeasure = "bandwidth" | "rate" | "search" | "none";

/** One phase of the suite, as far as its score goes. */
export interface SuitePhaseScore {
  readonly name: string;
  readonly group: SuiteGroup;
  /** GiB/s or 1000 operations a second; 0 of a phase that did not happen. */
  readonly score: number;
  readonly unit: "GiB/s" | "kIOPS" | "";
  readonly elapsedS: number;
  readonly valid: boolean;
  readonly reason: string;
}

/** The suite's result. Scores are geometric means; 0 if no phase of the group has a score. */
export interface SuiteScore {
  readonly phases: readonly SuitePhaseScore[];
  readonly bandwidthGibS: number;
  readonly metadataKiops: number;
  /** Geometric mean of the two. */
  readonly total: number;
  readonly valid: boolean;
  /** Why it is not valid, one sentence each. */
  readonly reasons: readonly string[];
}

const unitOf = { bandwidth: "GiB/s", rate: "kIOPS", search: "kIOPS", none: "" } as const;

/** The score of a phase by IO500's formulas, and its unit. */
export function phaseScore(
  measure: SuiteMeasure,
  figures: PhaseFigures | undefined,
): Pick<SuitePhaseScore, "score" | "unit"> {
  const unit = unitOf[measure];
  if (figures === undefined || measure === "none") return { score: 0, unit };
  if (measure === "bandwidth") return { score: figures.bandwidthMibS / 1024, unit };
  const perSecond = measure === "rate" ? figures.totalRate : figures.ops / figures.elapsedS;
  return { score: perSecond / 1000, unit };
}

/** Of the positive values; 0 if there is none. */
export function geometricMean(values: readonly number[]): number {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return 0;
  return Math.exp(positive.reduce((sum, value) => sum + Math.log(value), 0) / positive.length);
}

/** @param reasons What makes the run as a whole not valid, beside its phases. */
export function suiteScore(phases: readonly SuitePhaseScore[], reasons: readonly string[]): SuiteScore {
  const meanOf = (wanted: SuiteGroup) =>
    geometricMean(phases.filter(({ group }) => group === wanted).map(({ score }) => score));
  const bandwidthGibS = meanOf("bandwidth");
  const metadataKiops = meanOf("metadata");
  const failures = phases.flatMap(({ name, group, score, valid, reason }) => {
    if (!valid) return [`${name}: ${reason}`];
    // A phase without a score is left out of its mean, which then says nothing about the whole.
    return group !== "none" && !(score > 0) ? [`${name}: its score is 0`] : [];
  });
  const all = [...reasons, ...failures];
  const total = Math.sqrt(bandwidthGibS * metadataKiops);
  return { phases, bandwidthGibS, metadataKiops, total, valid: all.length === 0, reasons: all };
}
