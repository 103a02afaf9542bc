import { describe, expect, it } from "vitest";
import { phaseFigures, type RankResult } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import { geometricMean, phaseScore, type SuitePhaseScore, suiteScore } from "./suite-score.ts";
import { suiteSummary } from "./suite-summary.ts";

function rank(changed: Partial<RankResult>): RankResult {
  return {
    client: 0,
    host: "h",
    openStartS: 0,
    openStopS: 0,
    operationsStartS: 0,
    operationsStopS: 0,
    closeStartS: 0,
    closeStopS: 0,
    bytes: 0,
    ops: 0,
    finished: 0,
    errors: 0,
    verifyErrors: 0,
    firstError: "",
    stopped: "",
    latency: new Histogram(),
    ...changed,
  };
}

describe("the score of a phase", () => {
  it("of ior is the bytes of all clients over the time from the first open to the last close, in GiB/s", () => {
    // 3 GiB + 5 GiB; opened at 10 s, closed at 14 s: 8 GiB / 4 s. That writing took less does not matter.
    const times = { operationsStartS: 11, operationsStopS: 12, closeStartS: 13 };
    const figures = phaseFigures([
      rank({ openStartS: 10, closeStopS: 13.5, bytes: 3 * 2 ** 30, ...times }),
      rank({ openStartS: 10.5, closeStopS: 14, bytes: 5 * 2 ** 30, ...times }),
    ]);
    expect(phaseScore("bandwidth", figures)).toEqual({ score: 2, unit: "GiB/s" });
  });

  it("of mdtest is all items over the longest time of a client, in thousands", () => {
    // 6000 + 4000 items; the clients took 2 s and 4 s by their own clocks: 10,000 / 4 s.
    const figures = phaseFigures([
      rank({ operationsStartS: 100, operationsStopS: 102, ops: 6000 }),
      rank({ operationsStartS: 50, operationsStopS: 54, ops: 4000 }),
    ]);
    expect(phaseScore("rate", figures)).toEqual({ score: 2.5, unit: "kIOPS" });
  });

  it("of find is all entries over the time until the last client is done", () => {
    const figures = phaseFigures([
      rank({ openStartS: 1, operationsStartS: 1, operationsStopS: 2, closeStopS: 2, ops: 1500 }),
      rank({ openStartS: 1, operationsStartS: 1, operationsStopS: 3, closeStopS: 3, ops: 500 }),
    ]);
    expect(phaseScore("search", figures)).toEqual({ score: 1, unit: "kIOPS" });
  });

  it("is 0 of a phase that did not happen, and of one that is not scored", () => {
    expect(phaseScore("bandwidth", undefined)).toEqual({ score: 0, unit: "GiB/s" });
    expect(phaseScore("none", phaseFigures([rank({ ops: 1 })]))).toEqual({ score: 0, unit: "" });
  });
});

const phase = (name: string, group: SuitePhaseScore["group"], score: number, reason = ""): SuitePhaseScore => ({
  name,
  group,
  score,
  unit: group === "bandwidth" ? "GiB/s" : group === "metadata" ? "kIOPS" : "",
  elapsedS: 300.5,
  valid: reason === "",
  reason,
});

/** sqrt[4](2 x 4 x 8 x 4) = sqrt[4](256) = 4; sqrt[8](1^4 x 81^4) = 9; sqrt(4 x 9) = 6. */
const bandwidths = [2, 4, 8, 4].map((score, i) => phase(`ior-${i}`, "bandwidth", score));
const rates = [1, 81, 1, 81, 1, 81, 1, 81].map((score, i) => phase(`md-${i}`, "metadata", score));

describe("the score of the suite", () => {
  it("is the geometric mean of the geometric means of bandwidths and of rates", () => {
    const { bandwidthGibS, metadataKiops, total, valid, reasons } = suiteScore(
      [...bandwidths, ...rates, phase("timestamp", "none", 0)],
      [],
    );
    expect(bandwidthGibS).toBeCloseTo(4, 12);
    expect(metadataKiops).toBeCloseTo(9, 12);
    expect(total).toBeCloseTo(6, 12);
    expect({ valid, reasons }).toEqual({ valid: true, reasons: [] });
  });

  it("leaves out a phase that has none, and is not valid then", () => {
    // sqrt[3](2 x 4 x 8) = 4.
    const score = suiteScore([...bandwidths.slice(0, 3), phase("ior-3", "bandwidth", 0), ...rates], []);
    expect(score.bandwidthGibS).toBeCloseTo(4, 12);
    expect(score).toMatchObject({ valid: false, reasons: ["ior-3: its score is 0"] });
  });

  it("is not valid when a phase is not, scored or not, or the run as a whole, and says why", () => {
    const failed = phase("ior-rnd", "none", 0, "2 failed operations");
    expect(suiteScore([...bandwidths, ...rates, failed], ["a rehearsal"])).toMatchObject({
      valid: false,
      reasons: ["a rehearsal", "ior-rnd: 2 failed operations"],
    });
  });

  it("is 0 when nothing happened", () => {
    expect(geometricMean([])).toBe(0);
    expect(suiteScore([], [])).toMatchObject({ bandwidthGibS: 0, metadataKiops: 0, total: 0 });
  });
});

it("result_summary.txt has the rows that post-processing of IO500's knows", () => {
  const phases = [bandwidths[0]!, phase("timestamp", "none", 0), phase("md-0", "metadata", 81, "1 failed operation")];
  expect(suiteSummary({ version: "0.1.0" }, suiteScore(phases, []))).toBe(
    `BenchFS suite version 0.1.0: phases and formulas of IO500, but no IO500 score
[RESULT]                ior-0        2.000000 GiB/s : time 300.500 seconds
[      ]            timestamp        0.000000       : time 300.500 seconds
[RESULT]                 md-0       81.000000 kIOPS : time 300.500 seconds [INVALID]
[SCORE ] Bandwidth 2.000000 GiB/s : IOPS 81.000000 kiops : TOTAL 12.727922 [INVALID]
[INVALID] md-0: 1 failed operation
`,
  );
});
