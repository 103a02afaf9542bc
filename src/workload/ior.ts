import { iorOptions } from "./ior-options.ts";
import { type IorParams, iorExamples, iorUsage, parseIor } from "./ior-params.ts";
import { iorPhases, readPartners } from "./ior-phases.ts";
import { expandScript } from "./ior-script.ts";
import { iorTraffic } from "./ior-traffic.ts";
import type { Task } from "./ior-work.ts";
import { laneBuffers } from "./lane-buffers.ts";
import { pauser } from "./pause.ts";
import { runPhases } from "./runner.ts";
import { readStatusFile, writeStatusFile } from "./status-file.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

async function runIor(context: WorkloadContext, params: IorParams): Promise<void> {
  const { fs, group, hostOfClient } = context;
  const { blockBytes, transferBytes, segments, filePerProcess, queueDepth, stonewallS } = params;
  const task: Task = {
    fs,
    index: group.index,
    tasks: group.size,
    params,
    buffers: laneBuffers(fs, queueDepth, Math.max(transferBytes, params.randomPrefillBytes)),
    pause: pauser(context, params.interTestDelayS),
    written: undefined,
    wrongIterations: new Set(),
  };
  const statusFile = params.stonewallStatusFile;
  const readsStatus = statusFile !== undefined && !params.writeFile;
  const storedOperations = readsStatus ? await readStatusFile(group, statusFile) : undefined;
  const phases = iorPhases(task, hostOfClient, storedOperations);
  const options = {
    blockBytes,
    transferBytes,
    segments,
    filePerProcess,
    queueDepth,
    ...(stonewallS && { stonewallS }),
  };
  const shape = {
    workload: "ior",
    options,
    parameters: params,
    wearOut: params.stonewallWearOut,
    minS: params.minTimeS,
    innerBarriers: params.intraTestBarriers,
    remarks: cacheRemark(params, hostOfClient),
  };
  await runPhases(context, shape, phases);
  if (statusFile !== undefined && task.written !== undefined) {
    writeStatusFile(group, statusFile, Math.min(...task.written));
  }
}

/** -C and -Z are there to keep clients from reading what their own node has cached. */
function cacheRemark(params: IorParams, hostOfClient: readonly string[]): string {
  const option = params.reorderTasks ? "-C" : params.reorderTasksRandom > 0 ? "-Z" : "";
  if (option === "") return "";
  const iterations = Array.from({ length: params.repetitions }, (_, iteration) => iteration);
  const isWithin = iterations.some((iteration) => readPartners(params, hostOfClient, iteration).withinNode);
  return isWithin ? `${option}: some clients read what their own node wrote` : "";
}

/** Bandwidth of large files, by the options, offsets, timers and formulas of IOR. */
export const ior: WorkloadDefinition<IorParams> = {
  name: "ior",
  about: "Writes and reads large files as IOR does: bandwidth of one shared file or of a file per client.",
  usage: iorUsage,
  examples: iorExamples,
  options: iorOptions,
  expand: expandScript,
  parse: parseIor,
  traffic: iorTraffic,
  run: runIor,
};
