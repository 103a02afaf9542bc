import { performance } from "node:perf_hooks";
import { BenchError } from "../core/errors.ts";
import { type PhaseFigures, phaseFigures, type RankResult } from "../report/figures.ts";
import { type ClientCounters, counted } from "../report/process-counters.ts";
import type { WorkloadOptions } from "../report/results.ts";
import type { ServerCounters } from "../report/servers.ts";
import type { Group } from "../rpc/group.ts";
import { Measurement } from "./measure.ts";
import type { Phase } from "./phase.ts";
import { decodeRankResult, encodeRankResult } from "./rank-result.ts";
import type { WorkloadContext } from "./workload.ts";

/** What all phases of a workload share. */
export interface RunShape {
  readonly workload: string;
  readonly options: WorkloadOptions;
  readonly parameters: object;
  /** After the stonewall of `options`, clients go on until each has done as many operations as the fastest. */
  readonly wearOut?: boolean;
  /** Phases whose work repeats do so until their operations have taken this long. */
  readonly minS?: number;
  /** Barriers between open, operations and close. */
  readonly innerBarriers: boolean;
  /** For the rows; empty if there is nothing to say. */
  readonly remarks: string;
}

/** What member 0 tells all after a phase. */
interface Verdict {
  /** Operations that each client has finished, by index. */
  readonly finished: readonly number[];
  /** Operations of all clients with wrong data. */
  readonly verifyErrors: number;
  /** From the start of the run, by member 0's clock. */
  readonly sinceStartS: number;
  /** Why there is no next phase; empty if there is. */
  readonly stop: string;
}

/**
 * Runs the phases in order, each between barriers, and has member 0 record a row for every one of them: also for the
 * one in which a client is lost or asks to stop, and for all that then do not happen.
 * @throws BenchError ERR_PEER_LOST or ERR_INTERRUPTED.
 */
export async function runPhases(context: WorkloadContext, shape: RunShape, phases: readonly Phase[]): Promise<void> {
  const rows = new Rows(context, shape, phases);
  let sinceStartS = 0;
  for (const phase of phases) {
    if (phase.wanted?.(sinceStartS) === false) {
      rows.skip();
      continue;
    }
    let verdict: Verdict;
    try {
      verdict = await runPhase(context, shape, phase, rows);
    } catch (error) {
      rows.recordMissing(context.interrupted() ?? (error as Error).message);
      throw error;
    }
    sinceStartS = verdict.sinceStartS;
    if (verdict.stop === "") continue;
    rows.recordMissing(verdict.stop);
    throw new BenchError("ERR_INTERRUPTED", verdict.stop, { workload: shape.workload, phase: phase.phase });
  }
}

/** The rows of a run, one for each phase in order; a phase that is not wanted has none. */
class Rows {
  readonly #context: WorkloadContext;
  readonly #shape: RunShape;
  readonly #phases: readonly Phase[];
  readonly #startMs = performance.now();
  #next = 0;

  constructor(context: WorkloadContext, shape: RunShape, phases: readonly Phase[]) {
    this.#context = context;
    this.#shape = shape;
    this.#phases = phases;
  }

  /** The row of the next phase. @param reason Why it is not valid; empty if it is. */
  record(
    figures: PhaseFigures | undefined,
    ranks: readonly RankResult[],
    servers: readonly ServerCounters[],
    reason: string,
  ): void {
    const { workload, options, parameters, remarks } = this.#shape;
    const planned = this.#phases[this.#next++]!;
    const { phase, kind, iteration } = planned;
    const ownOptions = planned.options ?? options;
    const valid = reason === "";
    const own = figures === undefined ? "" : (planned.remarks?.(ranks) ?? "");
    const all = [remarks, own].filter((remark) => remark !== "").join("; ");
    const about = { workload, phase, kind, iteration, options: ownOptions, parameters, remarks: all };
    this.#context.record({ ...about, figures, valid, reason }, ranks, servers);
  }

  /** The next phase does not happen, and nothing is missing. */
  skip(): void {
    this.#next++;
  }

  get sinceStartS(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  /** On member 0: a row without figures for every phase that has none yet. */
  recordMissing(reason: string): void {
    if (this.#context.group.index !== 0) return;
    while (this.#next < this.#phases.length) this.record(undefined, [], [], reason);
  }
}

async function runPhase(context: WorkloadContext, shape: RunShape, phase: Phase, rows: Rows): Promise<Verdict> {
  const { group, hostOfClient } = context;
  const work = phase.work();
  const { wearOut = false, minS = 0 } = phase.toTheEnd ? {} : shape;
  const { queueDepth, stonewallS } = phase.options ?? shape.options;
  const measurement = new Measurement(work, {
    queueDepth,
    stonewallS: phase.toTheEnd ? undefined : stonewallS,
    minS,
    mostFinished: wearOut ? (finished) => largest(group, finished) : undefined,
    barrier: shape.innerBarriers ? () => group.barrier() : undefined,
    timeline: context.timeline ?? false,
    interrupted: () => context.interrupted(),
    progress: (operationsDone, bytes, elapsedS) => {
      if (group.index !== 0) return;
      const { operations } = work;
      const { workload } = shape;
      const { phase: name, iteration } = phase;
      context.progress({ workload, phase: name, iteration, operationsDone, operations, bytes, elapsedS });
    },
  });
  await measurement.setUp();
  const isLead = group.index === 0;
  const before = isLead ? await context.readServers() : [];
  const ownBefore = context.readOwn?.();
  await group.barrier();
  await measurement.run();
  if (work.cleanUp !== undefined) {
    await group.barrier();
    await measurement.attempt(work.cleanUp.bind(work));
  }
  const own = {
    ...measurement.result(group.index, hostOfClient[group.index]!),
    ...(ownBefore && { process: counted<ClientCounters>(ownBefore, context.readOwn!()) }),
  };
  const gathered = await group.gather(encodeRankResult(own));
  const after = isLead ? await context.readServers() : [];
  // A server that did not answer has no counters, and the run is about to end.
  const servers = after.length === before.length ? after.map((counters, i) => counted(before[i]!, counters)) : [];
  const answer = gathered === undefined ? undefined : judge(rows, gathered.map(decodeRankResult), servers);
  const verdict: Verdict = JSON.parse(Buffer.from(await group.broadcast(answer)).toString());
  work.done?.(verdict.finished, verdict.verifyErrors);
  return verdict;
}

/** The largest of the members' numbers, on all of them. */
async function largest(group: Group, own: number): Promise<number> {
  const all = await group.gather(Buffer.from(String(own)));
  const most = all && String(Math.max(...all.map((bytes) => Number(Buffer.from(bytes)))));
  return Number(Buffer.from(await group.broadcast(most === undefined ? undefined : Buffer.from(most))));
}

/** On member 0: records the phase. @returns The verdict for all, encoded. */
function judge(rows: Rows, ranks: readonly RankResult[], servers: readonly ServerCounters[]): Uint8Array {
  const figures = phaseFigures(ranks);
  const stop = ranks.find(({ stopped }) => stopped !== "" && stopped !== "stonewall")?.stopped ?? "";
  rows.record(figures, ranks, servers, stop === "" ? failureOf(figures, ranks) : stop);
  const { verifyErrors } = figures;
  const finished = ranks.map(({ finished }) => finished);
  const verdict: Verdict = { finished, verifyErrors, sinceStartS: rows.sinceStartS, stop };
  return Buffer.from(JSON.stringify(verdict));
}

/** Why a phase that ran to its end is not valid; empty if it is. */
function failureOf({ errors, verifyErrors }: PhaseFigures, ranks: readonly RankResult[]): string {
  const counts = [
    ...(errors > 0 ? [`${errors} failed operation${errors === 1 ? "" : "s"}`] : []),
    ...(verifyErrors > 0 ? [`${verifyErrors} operation${verifyErrors === 1 ? "" : "s"} with wrong data`] : []),
  ];
  if (counts.length === 0) return "";
  const first = ranks.find(({ firstError }) => firstError !== "")!;
  return `${counts.join(" and ")}; first on client ${first.client} (${first.host}): ${first.firstError}`;
}
