import { Accesses, iorPath } from "./ior-accesses.ts";
import { outliers } from "./ior-outliers.ts";
import type { IorParams } from "./ior-params.ts";
import { prefillWork, type Reading, readWork, removeWork, type Task, type Transfers, writeWork } from "./ior-work.ts";
import { type Partners, partnersByChance, shiftByNodes } from "./partner.ts";
import type { Phase, PhaseWork } from "./phase.ts";

/**
 * Counted down, so that the last iteration writes generation 0: a later run can check a file that was kept without
 * knowing how many iterations there were. Where each iteration has a file of its own (-m), or nobody knows which one
 * is the last (-T), all are 0.
 */
export function generationOf({ writeFile, repetitions, multiFile, maxTimeS }: IorParams, iteration: number): number {
  return writeFile && !multiFile && maxTimeS === undefined ? repetitions - 1 - iteration : 0;
}

/** Whose data each client reads in the read phases of an iteration: -C or -Z; in the check of writes, -C alone. */
export function readPartners(params: IorParams, hostOfClient: readonly string[], iteration: number): Partners {
  const { reorderTasks, reorderTasksRandom: times, reorderTasksRandomSeed: seed, taskPerNodeOffset: nodes } = params;
  if (times > 0) return partnersByChance(hostOfClient, { times: times as 1 | 2, seed, nodes }, iteration);
  return shiftByNodes(hostOfClient, reorderTasks ? nodes : 0);
}

export function checkPartners(params: IorParams, hostOfClient: readonly string[]): Partners {
  return shiftByNodes(hostOfClient, params.reorderTasks ? params.taskPerNodeOffset + 1 : 0);
}

/** The phases of all iterations in IOR's order. @param storedOperations What a status file says; undefined: all. */
export function iorPhases(task: Task, hostOfClient: readonly string[], storedOperations: number | undefined): Phase[] {
  const { repetitions } = task.params;
  return Array.from({ length: repetitions }, (_, iteration) =>
    iterationPhases(task, hostOfClient, iteration, storedOperations),
  ).flat();
}

function iterationPhases(
  task: Task,
  hostOfClient: readonly string[],
  iteration: number,
  storedOperations: number | undefined,
): Phase[] {
  const { params } = task;
  const { maxTimeS = Number.POSITIVE_INFINITY, outlierThresholdS } = params;
  const own = () => transfersOf(task, task.index, iteration);
  let hasBegun = false;
  const transferPhase = (phase: string, work: () => PhaseWork): Phase => ({
    phase,
    kind: "transfers",
    iteration,
    work,
    wanted(sinceStartS) {
      if (sinceStartS >= maxTimeS) return false;
      hasBegun = true;
      return true;
    },
    ...(outlierThresholdS > 0 && { remarks: (ranks) => outliers(ranks, outlierThresholdS) }),
  });
  const readPhase = (phase: string, { partnerOf }: Partners, reading: Reading): Phase =>
    transferPhase(phase, () => {
      const partner = partnerOf[task.index]!;
      // As far as the partner has written in this run, or each client in the run of the status file, and no further.
      const written = task.written?.[partner] ?? storedOperations ?? params.stonewallIterations;
      return readWork(atMost(transfersOf(task, partner, iteration), written), reading);
    });

  const isPrefilled = params.randomPrefillBytes > 0;
  const readBack = readPartners(params, hostOfClient, iteration);
  const prefill = (): PhaseWork => prefillWork({ ...own(), accesses: prefillAccesses(task) });
  const write = (): PhaseWork => writeWork(atMost(own(), params.stonewallIterations), isPrefilled);
  const remove: Phase = {
    phase: "remove",
    kind: "items",
    iteration,
    toTheEnd: true,
    wanted: () => (hasBegun || !params.writeFile) && !keepsWrongData(task, iteration),
    work: () => removeWork(task, removesOwn(params) ? task.index : readBack.partnerOf[task.index]!, iteration),
  };
  return [
    ...(isPrefilled ? [{ ...transferPhase("prefill", prefill), toTheEnd: true }] : []),
    ...(params.writeFile ? [transferPhase("write", write)] : []),
    ...(params.checkWrite
      ? [readPhase("write-check", checkPartners(params, hostOfClient), { verify: true, pauses: false })]
      : []),
    ...(params.readFile ? [readPhase("read", readBack, { verify: false, pauses: true })] : []),
    ...(params.checkRead ? [readPhase("read-check", readBack, { verify: true, pauses: true })] : []),
    ...(removesIn(params, iteration) ? [remove] : []),
  ];
}

/** A file that was there before is removed once, after the last iteration; one that an iteration wrote, after it. */
function removesIn({ keepFile, writeFile, multiFile, repetitions }: IorParams, iteration: number): boolean {
  return !keepFile && (writeFile || multiFile || iteration === repetitions - 1);
}

/** As in IOR: with -C and -Z -Z a client removes the file that it has read, but with -Z alone many may have read one. */
function removesOwn({ readFile, checkRead, reorderTasks, reorderTasksRandom }: IorParams): boolean {
  return !(readFile || checkRead) || !(reorderTasks || reorderTasksRandom === 2);
}

/** -K. Without -w and -m all iterations have read one file. */
function keepsWrongData({ params, wrongIterations }: Task, iteration: number): boolean {
  const { keepFileWithError, writeFile, multiFile } = params;
  const isOwn = writeFile || multiFile;
  return keepFileWithError && (isOwn ? wrongIterations.has(iteration) : wrongIterations.size > 0);
}

function transfersOf(task: Task, owner: number, iteration: number): Transfers {
  const { params, tasks } = task;
  return {
    task,
    iteration,
    path: iorPath(params, owner, iteration),
    accesses: new Accesses(params, owner, tasks),
    generation: generationOf(params, iteration),
  };
}

function atMost(transfers: Transfers, operations: number | undefined): Transfers {
  if (operations === undefined || operations >= transfers.accesses.count) return transfers;
  return { ...transfers, operations };
}

/** Each client's own blocks, one after the other. */
function prefillAccesses({ params, index, tasks }: Task): Accesses {
  return new Accesses({ ...params, transferBytes: params.randomPrefillBytes, randomOffset: 0 }, index, tasks);
}
