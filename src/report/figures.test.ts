import { describe, expect, it } from "vitest";
import { MiB } from "../core/units.ts";
import { phaseFigures, type RankResult } from "./figures.ts";
import { Histogram } from "./histogram.ts";

/** A client with the six stamps, in seconds after 1,000,000. */
function rank(client: number, stamps: number[], fields: Partial<RankResult> = {}): RankResult {
  const [openStartS, openStopS, operationsStartS, operationsStopS, closeStartS, closeStopS] = stamps.map(
    (s) => 1e6 + s,
  );
  return {
    client,
    host: `h${client}`,
    openStartS: openStartS!,
    openStopS: openStopS!,
    operationsStartS: operationsStartS!,
    operationsStopS: operationsStopS!,
    closeStartS: closeStartS!,
    closeStopS: closeStopS!,
    bytes: 0,
    ops: 0,
    finished: 0,
    errors: 0,
    verifyErrors: 0,
    firstError: "",
    stopped: "",
    latency: new Histogram(),
    ...fields,
  };
}

describe("phaseFigures", () => {
  const figures = phaseFigures([
    rank(0, [0.0, 0.5, 0.5, 8.5, 8.5, 9.0], { bytes: 800 * MiB, ops: 80, finished: 80 }),
    rank(1, [0.25, 0.75, 1.0, 5.0, 5.0, 10.0], { bytes: 400 * MiB, ops: 20, finished: 22, errors: 2, verifyErrors: 1 }),
  ]);

  it("is IOR's: bytes over all time, operations over the operations' time, the smallest mean", () => {
    expect(figures.bandwidthMibS).toBeCloseTo(1200 / 10, 9);
    expect(figures.iops).toBeCloseTo(100 / 8, 9);
    expect(figures.latencyS).toBeCloseTo(8 / 80, 9);
    expect([figures.openS, figures.operationsS, figures.closeS, figures.elapsedS]).toEqual([0.75, 8, 5, 10]);
  });

  it("is mdtest's: the slowest client's rate times clients, and all items over the longest time", () => {
    expect(figures.slowestRate).toBeCloseTo((20 / 4) * 2, 9);
    expect(figures.totalRate).toBeCloseTo(100 / 8, 9);
  });

  it("says when the first and the last were done, who that was, and how far the starts were apart", () => {
    expect([figures.firstDoneS, figures.lastDoneS, figures.startSpreadS]).toEqual([5, 8.5, 0.25]);
    expect(figures.slowestClient).toBe(0);
    expect(figures.dateMs).toBe(1e9);
  });

  it("adds up what was done and what went wrong", () => {
    expect([figures.bytes, figures.ops, figures.errors, figures.verifyErrors]).toEqual([1200 * MiB, 100, 2, 1]);
  });

  it("leaves clients without work out of rates", () => {
    const alone = phaseFigures([rank(0, [0, 0, 0, 2, 2, 2], { ops: 10 }), rank(1, [0, 0, 0, 0, 0, 0])]);
    expect([alone.slowestRate, alone.totalRate, alone.iops]).toEqual([5, 5, 5]);
  });

  it("has rates of 0 and no latency when nothing succeeded", () => {
    const failed = phaseFigures([rank(0, [0, 0, 0, 1, 1, 1], { errors: 5 })]);
    expect([failed.slowestRate, failed.totalRate, failed.iops, failed.bandwidthMibS]).toEqual([0, 0, 0, 0]);
    expect([failed.latencyS, failed.latency.quantileNs(0.5)]).toEqual([Number.NaN, Number.NaN]);
  });
});
