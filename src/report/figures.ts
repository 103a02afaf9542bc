import { Histogram } from "./histogram.ts";
import type { ClientCounters } from "./process-counters.ts";
import type { TimelineSample } from "./timeline.ts";

/** What one client measured in one phase. Stamps are seconds since the Unix epoch by this client's clock. */
export interface RankResult {
  /** Index among the clients. */
  readonly client: number;
  readonly host: string;
  readonly openStartS: number;
  readonly openStopS: number;
  readonly operationsStartS: number;
  readonly operationsStopS: number;
  readonly closeStartS: number;
  readonly closeStopS: number;
  readonly bytes: number;
  /** Operations that succeeded, or the items that they were about. */
  readonly ops: number;
  /** Operations that ended, well or not: the first of its list, since they are issued in order. */
  readonly finished: number;
  /** Operations that failed, opens and closes included. */
  readonly errors: number;
  /** Operations that returned data other than what was written. */
  readonly verifyErrors: number;
  /** Message of the first error or of the first wrong byte; empty if there was none. */
  readonly firstError: string;
  /** Why the loop ended before all operations were done ("stonewall", a reason to stop); empty if it did not. */
  readonly stopped: string;
  readonly latency: Histogram;
  /** Where the time of its process went, from the barrier before the phase to its end. */
  readonly process?: ClientCounters;
  /** Once a second, if that was asked for. */
  readonly timeline?: readonly TimelineSample[];
}

/** What all clients together did in one phase. Durations are seconds. */
export interface PhaseFigures {
  readonly dateMs: number;
  readonly bytes: number;
  readonly ops: number;
  readonly errors: number;
  readonly verifyErrors: number;
  readonly stonewalled: boolean;
  /** From the first client's start until the first, and the last, client had done its operations. */
  readonly firstDoneS: number;
  readonly lastDoneS: number;
  /** From the first client's start until the last one had closed its file: IOR's total time. */
  readonly elapsedS: number;
  readonly openS: number;
  readonly operationsS: number;
  readonly closeS: number;
  readonly bandwidthMibS: number;
  readonly iops: number;
  /** IOR's "latency": the smallest of the clients' mean times per operation. */
  readonly latencyS: number;
  /** mdtest prints the rate of the slowest client times the number of clients … */
  readonly slowestRate: number;
  /** … and IO500 takes all items over the time of the slowest client. */
  readonly totalRate: number;
  /** The client that was done last. */
  readonly slowestClient: number;
  /** Between the first and the last start after the barrier: its skew, plus that of the clocks of the nodes. */
  readonly startSpreadS: number;
  readonly latency: Histogram;
}

const bytesPerMiB = 1024 * 1024;

/** Difference of the largest `stop` and the smallest `start`. */
function span(ranks: readonly RankResult[], start: keyof RankResult, stop: keyof RankResult): number {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const rank of ranks) {
    first = Math.min(first, rank[start] as number);
    last = Math.max(last, rank[stop] as number);
  }
  return last - first;
}

function sum(ranks: readonly RankResult[], field: "bytes" | "ops" | "errors" | "verifyErrors"): number {
  return ranks.reduce((total, rank) => total + rank[field], 0);
}

/**
 * IOR's and mdtest's formulas over the stamps of all clients (at least one). A rate over no time is infinite and a
 * mean over no operations is NaN; tables leave such cells empty.
 */
export function phaseFigures(ranks: readonly RankResult[]): PhaseFigures {
  const latency = new Histogram();
  for (const rank of ranks) latency.merge(rank.latency);
  const bytes = sum(ranks, "bytes");
  const ops = sum(ranks, "ops");
  const startS = Math.min(...ranks.map((rank) => rank.openStartS));
  const doneS = ranks.map((rank) => rank.operationsStopS);
  const lastDoneS = Math.max(...doneS);
  const operationsS = span(ranks, "operationsStartS", "operationsStopS");
  const elapsedS = span(ranks, "openStartS", "closeStopS");
  // A client that did nothing (an empty share of the work) has no rate and no mean.
  const busy = ranks.filter((rank) => rank.ops > 0);
  const ownS = busy.map((rank) => rank.operationsStopS - rank.operationsStartS);
  return {
    dateMs: startS * 1000,
    bytes,
    ops,
    errors: sum(ranks, "errors"),
    verifyErrors: sum(ranks, "verifyErrors"),
    stonewalled: ranks.some((rank) => rank.stopped === "stonewall"),
    firstDoneS: Math.min(...doneS) - startS,
    lastDoneS: lastDoneS - startS,
    elapsedS,
    openS: span(ranks, "openStartS", "openStopS"),
    operationsS,
    closeS: span(ranks, "closeStartS", "closeStopS"),
    bandwidthMibS: bytes / bytesPerMiB / elapsedS,
    iops: ops / operationsS,
    latencyS: ops === 0 ? Number.NaN : Math.min(...busy.map((rank, index) => ownS[index]! / rank.ops)),
    slowestRate: ops === 0 ? 0 : Math.min(...busy.map((rank, index) => rank.ops / ownS[index]!)) * busy.length,
    totalRate: ops === 0 ? 0 : ops / Math.max(...ownS),
    slowestClient: ranks[doneS.indexOf(lastDoneS)]!.client,
    startSpreadS: span(ranks, "openStartS", "openStartS"),
    latency,
  };
}
