import { BenchError } from "../core/errors.ts";
import { laneBuffers } from "./lane-buffers.ts";
import { mdtestOptions } from "./mdtest-options.ts";
import { type MdtestParams, mdtestExamples, mdtestUsage, parseMdtest } from "./mdtest-params.ts";
import { mdtestTraffic } from "./mdtest-traffic.ts";
import { ItemTree, strideOf } from "./mdtest-tree.ts";
import {
  createFiles,
  makeDirectoryItems,
  makeTree,
  readFiles,
  removeItems,
  removeTree,
  statItems,
  type Task,
} from "./mdtest-work.ts";
import { fileKey } from "./pattern.ts";
import { pauser } from "./pause.ts";
import type { Phase, PhaseWork } from "./phase.ts";
import { runPhases } from "./runner.ts";
import { readStatusFile, writeStatusFile } from "./status-file.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

/** The phases of one iteration in mdtest's order: the tree, directories, files, the tree. */
function iterationPhases(task: Task, pause: () => Promise<void>): Phase[] {
  const { iteration, params } = task;
  const { create, stat, read, remove, files, directories } = params;
  const phase = (name: string, work: () => PhaseWork): Phase => {
    return { phase: name, kind: "items", iteration, toTheEnd: name !== "file-create", work };
  };
  const ofDirectories = [
    ...(create ? [phase("directory-create", () => makeDirectoryItems(task))] : []),
    ...(stat ? [phase("directory-stat", () => statItems(task, "directory"))] : []),
    ...(remove ? [phase("directory-remove", () => removeItems(task, "directory"))] : []),
  ];
  const ofFiles = [
    ...(create ? [phase("file-create", () => createFiles(task))] : []),
    ...(stat ? [phase("file-stat", () => statItems(task, "file"))] : []),
    ...(read ? [phase("file-read", () => readFiles(task))] : []),
    ...(remove ? [phase("file-remove", () => removeItems(task, "file"))] : []),
  ];
  return [
    ...(create ? [phase("tree-create", () => makeTree(task))] : []),
    ...(directories ? afterPause(ofDirectories, pause) : []),
    ...(files ? afterPause(ofFiles, pause) : []),
    ...(remove ? [phase("tree-remove", () => removeTree(task))] : []),
  ];
}

/** The same phases with -p before the first one. */
function afterPause(phases: readonly Phase[], pause: () => Promise<void>): Phase[] {
  const [first, ...others] = phases;
  if (first === undefined) return [];
  return [{ ...first, work: () => ({ ...first.work(), setUp: pause }) }, ...others];
}

async function runMdtest(context: WorkloadContext, params: MdtestParams): Promise<void> {
  const { fs, group, hostOfClient } = context;
  const { queueDepth, items: itemsPerClient, stonewallS, stonewallStatusFile: statusFile } = params;
  const bytes = Math.max(params.writeBytes, params.readBytes);
  const buffers = laneBuffers(fs, params.verifyWrite ? 2 * queueDepth : queueDepth, bytes);
  const tree = new ItemTree(params, group.size);
  const readsStatus = statusFile !== undefined && !params.create;
  const files = readsStatus ? await readStatusFile(group, statusFile) : params.items;
  if (files > params.items) {
    const message = `mdtest: ${files} files of ${statusFile} are more than -n ${params.items}`;
    throw new BenchError("ERR_CONFIG", message, { option: "-x" });
  }
  const tasks = Array.from({ length: params.iterations }, (_, iteration): Task => {
    return {
      fs,
      index: group.index,
      tasks: group.size,
      iteration,
      params,
      tree,
      stride: strideOf(hostOfClient, params.rankStride),
      key: fileKey(tree.testDirectory(0, iteration, 0), params.dataSeed, params.packetType),
      buffers: buffers.slice(0, queueDepth),
      readBackBuffers: buffers.slice(queueDepth),
      files,
      made: undefined,
    };
  });
  const options = { itemsPerClient, queueDepth, ...(stonewallS && { stonewallS }) };
  const shape = {
    workload: "mdtest",
    options,
    parameters: params,
    wearOut: stonewallS !== undefined,
    innerBarriers: false,
    remarks: "",
  };
  const pause = pauser(context, params.preDelayS);
  await runPhases(
    context,
    shape,
    tasks.flatMap((task) => iterationPhases(task, pause)),
  );
  const made = tasks.at(-1)!.made;
  if (statusFile !== undefined && made !== undefined) writeStatusFile(group, statusFile, Math.max(...made));
}

/** Rates of metadata operations, by the options, names and order of mdtest. */
export const mdtest: WorkloadDefinition<MdtestParams> = {
  name: "mdtest",
  about: "Creates, stats, reads and removes many files and directories as mdtest does: rates of metadata operations.",
  usage: mdtestUsage,
  examples: mdtestExamples,
  options: mdtestOptions,
  parse: parseMdtest,
  traffic: mdtestTraffic,
  run: runMdtest,
};
