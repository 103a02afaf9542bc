import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "./histogram.ts";

const quantiles = [0, 0.01, 0.5, 0.9, 0.99, 0.999, 1];
/** Nanoseconds over all magnitudes, 1 ns to 73 minutes, as evenly over the octaves as over each. */
const latencies = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 41 }), fc.double({ min: 1, max: 1.999, noNaN: true })).map(([e, m]) => m * 2 ** e),
  { minLength: 1, maxLength: 300 },
);

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

function expectEqual(actual: Histogram, expected: Histogram): void {
  for (const quantile of quantiles) expect(actual.quantileNs(quantile)).toBe(expected.quantileNs(quantile));
  expect(actual.count).toBe(expected.count);
  expect(actual.sumNs).toBeCloseTo(expected.sumNs, 0);
  expect([actual.minNs, actual.maxNs]).toEqual([expected.minNs, expected.maxNs]);
}

describe("Histogram", () => {
  it("is within 1 % (or half a nanosecond) of the exact percentiles", () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const histogram = histogramOf(values);
        const sorted = values.toSorted((a, b) => a - b);
        for (const quantile of quantiles) {
          const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
          // Fractions of a nanosecond are cut off: what counts below 256 ns is that, not the bucket.
          expect(Math.abs(histogram.quantileNs(quantile) - exact)).toBeLessThan(Math.max(1, exact / 100));
        }
        expect(histogram.maxNs).toBe(sorted.at(-1));
        expect(histogram.meanNs).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 0);
      }),
    );
  });

  it("puts every whole number up to 2^17 into a bucket within 1/256 of it", () => {
    for (let ns = 1; ns < 2 ** 17; ns++) {
      const histogram = new Histogram();
      histogram.record(ns);
      histogram.record(ns * 4);
      expect(Math.abs(histogram.quantileNs(0.5) - ns)).toBeLessThanOrEqual(ns / 256);
      ns += ns >> 9;
    }
  });

  it("merges and survives a gather as if all ranks had recorded into one", () => {
    fc.assert(
      fc.property(latencies, latencies, (left, right) => {
        const merged = Histogram.decode(histogramOf(left).encode());
        merged.merge(Histogram.decode(histogramOf(right).encode()));
        expectEqual(merged, histogramOf([...left, ...right]));
      }),
    );
  });

  it("has no percentiles when empty, and stays empty when merged with nothing", () => {
    const empty = Histogram.decode(new Histogram().encode());
    expect([empty.count, empty.quantileNs(0.5), empty.meanNs]).toEqual([0, Number.NaN, Number.NaN]);
    const one = histogramOf([42]);
    one.merge(empty);
    expectEqual(one, histogramOf([42]));
  });

  it("keeps values beyond its range, and a clock set back, in the end buckets", () => {
    const histogram = histogramOf([-5, 2 ** 50]);
    expect([histogram.count, histogram.minNs, histogram.maxNs]).toEqual([2, 0, 2 ** 50]);
    expect(histogram.quantileNs(0.5)).toBe(0);
  });
});
