import { assert } from "../core/errors.ts";

/** Each power of two is cut into this many buckets, so that a bucket's middle is within 1/256 of every value in it. */
const stepsPerOctave = 128;
const stepBits = 7;
/** Values from 2^42 ns (73 minutes) share the last bucket; the exact maximum is kept beside the buckets. */
const valueLimitNs = 2 ** 42;
/** Below 2 x 128 a bucket is one nanosecond wide; above, each of the octaves 8 to 41 has its own 128. */
const bucketCount = (42 - stepBits + 1) * stepsPerOctave;

function bucketOf(ns: number): number {
  if (ns < 2 ** 31) {
    const value = ns | 0;
    const shift = Math.max(0, 31 - stepBits - Math.clz32(value));
    return (shift << stepBits) + (value >> shift);
  }
  // Shifts are 32 bits wide: take 16 octaves off first, and put them back on the index.
  if (ns >= valueLimitNs) return bucketCount - 1;
  return bucketOf(Math.floor(ns / 65536)) + 16 * stepsPerOctave;
}

/** The value in the middle of a bucket. */
function middleOf(bucket: number): number {
  if (bucket < 2 * stepsPerOctave) return bucket;
  const shift = Math.floor(bucket / stepsPerOctave) - 1;
  return ((bucket % stepsPerOctave) + stepsPerOctave + 0.5) * 2 ** shift;
}

/**
 * Latencies in nanoseconds: log-linear counts of fixed buckets, so that the histograms of all ranks merge by
 * summation and percentiles are taken from the merged one. Percentiles are within 0.4 % of the exact value; count,
 * sum, minimum and maximum are exact. Recording allocates nothing.
 */
export class Histogram {
  readonly #counts = new Float64Array(bucketCount);
  count = 0;
  sumNs = 0;
  minNs = Number.POSITIVE_INFINITY;
  maxNs = 0;

  /** Counts one value; negative ones (a clock that was set back) count as 0. */
  record(ns: number): void {
    const value = Math.max(ns, 0);
    this.#counts[bucketOf(value)]!++;
    this.count++;
    this.sumNs += value;
    if (value < this.minNs) this.minNs = value;
    if (value > this.maxNs) this.maxNs = value;
  }

  /** Mean in nanoseconds; NaN of an empty histogram. */
  get meanNs(): number {
    return this.sumNs / this.count;
  }

  /** The smallest value that a share `quantile` (0 to 1) of all values do not exceed, in ns; NaN if empty. */
  quantileNs(quantile: number): number {
    assert(quantile >= 0 && quantile <= 1, "a quantile is between 0 and 1");
    if (this.count === 0) return Number.NaN;
    const wanted = Math.max(1, Math.ceil(quantile * this.count));
    if (wanted === this.count) return this.maxNs;
    let seen = 0;
    let bucket = -1;
    while (seen < wanted) seen += this.#counts[++bucket]!;
    return Math.min(this.maxNs, Math.max(this.minNs, middleOf(bucket)));
  }

  /** Adds all values of another histogram. */
  merge(other: Histogram): void {
    for (let bucket = 0; bucket < bucketCount; bucket++) this.#counts[bucket]! += other.#counts[bucket]!;
    this.count += other.count;
    this.sumNs += other.sumNs;
    this.minNs = Math.min(this.minNs, other.minNs);
    this.maxNs = Math.max(this.maxNs, other.maxNs);
  }

  /** Doubles, little-endian: sum, minimum, maximum, then bucket and count of each bucket in use. */
  encode(): Uint8Array {
    const words = [this.sumNs, this.minNs, this.maxNs];
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      if (this.#counts[bucket] !== 0) words.push(bucket, this.#counts[bucket]!);
    }
    return new Uint8Array(Float64Array.from(words).buffer);
  }

  /** A histogram equal to the one encoded; the bytes are not kept. */
  static decode(bytes: Uint8Array): Histogram {
    const words = new Float64Array(new Uint8Array(bytes).buffer);
    assert(words.length >= 3 && words.length % 2 === 1, "an encoded histogram is three doubles and pairs");
    const histogram = new Histogram();
    [histogram.sumNs, histogram.minNs, histogram.maxNs] = words as unknown as [number, number, number];
    for (let word = 3; word < words.length; word += 2) {
      histogram.#counts[words[word]!]! += words[word + 1]!;
      histogram.count += words[word + 1]!;
    }
    return histogram;
  }
}
