import { constants } from "node:fs";
import type { FileKind, FileStat, FileSystem } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import { laneBuffers } from "./lane-buffers.ts";
import { type MdtestParams, mdtestExamples, mdtestOptions, mdtestUsage, parseMdtest } from "./mdtest-options.ts";
import { itemName, iterationDirectory, treePath } from "./mdtest-paths.ts";
import { mdtestTraffic } from "./mdtest-traffic.ts";
import { makeDirectories } from "./paths.ts";
import { type FileKey, fileKey, firstWrongByte, itemKey, PatternBuffer, wipe } from "./pattern.ts";
import type { Phase, PhaseWork } from "./phase.ts";
import { runPhases } from "./runner.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

/** One client in one iteration. */
interface Task {
  readonly fs: FileSystem;
  readonly index: number;
  readonly tasks: number;
  readonly params: MdtestParams;
  readonly buffers: readonly Uint8Array[];
  /** Of this iteration. */
  readonly directory: string;
  readonly key: FileKey;
}

/** The items of one client, by mdtest's names. */
interface Items {
  readonly owner: number;
  path(kind: FileKind, item: number): string;
}

/** @param strides How often -N has shifted this phase: 0 create, 1 stat, 2 read, 3 remove. */
function itemsOf({ index, tasks, params, directory }: Task, strides: number): Items {
  const owner = (index + strides * params.rankStride) % tasks;
  const tree = treePath(directory, params, owner);
  return {
    owner,
    path: (kind, item) => `${tree}/${itemName(kind, owner, item)}`,
  };
}

function makeTree({ fs, index, params, directory }: Task): PhaseWork {
  return {
    operations: params.uniqueDirectory || index === 0 ? 1 : 0,
    async setUp() {
      if (index === 0) await makeDirectories(fs, directory);
    },
    async operate() {
      await fs.mkdir(treePath(directory, params, index));
      return 0;
    },
  };
}

function removeTree({ fs, index, params, directory }: Task): PhaseWork {
  return {
    operations: params.uniqueDirectory || index === 0 ? 1 : 0,
    async operate() {
      await fs.rmdir(treePath(directory, params, index));
      return 0;
    },
    async cleanUp() {
      if (index === 0) await fs.rmdir(directory);
    },
  };
}

function makeDirectoryItems(task: Task): PhaseWork {
  const items = itemsOf(task, 0);
  return {
    operations: task.params.items,
    async operate(item) {
      await task.fs.mkdir(items.path("directory", item));
      return 0;
    },
  };
}

function createFiles(task: Task): PhaseWork {
  const { fs, params, buffers } = task;
  const { writeBytes, syncFile } = params;
  const items = itemsOf(task, 0);
  const patterns = buffers.map((bytes) => new PatternBuffer(bytes));
  return {
    operations: params.items,
    prepare(item, lane) {
      patterns[lane]!.fill(writeBytes, itemKey(task.key, items.owner, item), 0, 0);
    },
    async operate(item, lane) {
      const file = await fs.open(items.path("file", item), constants.O_CREAT | constants.O_WRONLY, 0o644);
      try {
        if (writeBytes > 0) await file.write(buffers[lane]!, 0, writeBytes, 0);
        if (syncFile) await file.sync();
      } finally {
        await file.close();
      }
      return writeBytes;
    },
  };
}

function statItems(task: Task, kind: FileKind): PhaseWork {
  const { fs, params } = task;
  const items = itemsOf(task, 1);
  const found = new Array<FileStat | undefined>(params.queueDepth);
  return {
    operations: params.items,
    async operate(item, lane) {
      found[lane] = await fs.stat(items.path(kind, item));
      return 0;
    },
    check(item, lane) {
      const stat = found[lane]!;
      if (stat.kind !== kind) return `${items.path(kind, item)} is a ${stat.kind}`;
      // A run that did not create the files does not know their size.
      if (kind === "directory" || !params.create || stat.size === params.writeBytes) return undefined;
      return `${items.path(kind, item)} has ${stat.size} bytes instead of ${params.writeBytes}`;
    },
  };
}

function readFiles(task: Task): PhaseWork {
  const { fs, params, buffers } = task;
  const { readBytes } = params;
  const items = itemsOf(task, 2);
  return {
    operations: params.items,
    async operate(item, lane) {
      const path = items.path("file", item);
      const file = await fs.open(path, constants.O_RDONLY);
      try {
        if (readBytes === 0) return 0;
        const { bytesRead } = await file.read(buffers[lane]!, 0, readBytes, 0);
        if (bytesRead === readBytes) return bytesRead;
        throw new BenchError("ERR_WORKLOAD", `short read: ${bytesRead} of ${readBytes} bytes of ${path}`);
      } finally {
        await file.close();
      }
    },
    ...(params.verifyRead && {
      prepare(_, lane) {
        wipe(buffers[lane]!, readBytes);
      },
      check(item, lane) {
        const wrong = firstWrongByte(buffers[lane]!, readBytes, itemKey(task.key, items.owner, item), 0, 0);
        return wrong === -1 ? undefined : `wrong byte at offset ${wrong} of ${items.path("file", item)}`;
      },
    }),
  };
}

function removeItems(task: Task, kind: FileKind): PhaseWork {
  const { fs } = task;
  const items = itemsOf(task, 3);
  return {
    operations: task.params.items,
    async operate(item) {
      const path = items.path(kind, item);
      await (kind === "file" ? fs.unlink(path) : fs.rmdir(path));
      return 0;
    },
  };
}

/** The phases of one iteration in mdtest's order: the tree, directories, files, the tree. */
function iterationPhases(task: Task, iteration: number): Phase[] {
  const { create, stat, read, remove, files, directories } = task.params;
  const phases: Phase[] = [];
  const add = (wanted: boolean, phase: string, work: () => PhaseWork) => {
    if (wanted) phases.push({ phase, kind: "items", iteration, work });
  };
  add(create, "tree-create", () => makeTree(task));
  add(directories && create, "directory-create", () => makeDirectoryItems(task));
  add(directories && stat, "directory-stat", () => statItems(task, "directory"));
  add(directories && remove, "directory-remove", () => removeItems(task, "directory"));
  add(files && create, "file-create", () => createFiles(task));
  add(files && stat, "file-stat", () => statItems(task, "file"));
  add(files && read, "file-read", () => readFiles(task));
  add(files && remove, "file-remove", () => removeItems(task, "file"));
  add(remove, "tree-remove", () => removeTree(task));
  return phases;
}

async function runMdtest(context: WorkloadContext, params: MdtestParams): Promise<void> {
  const { fs, group } = context;
  const { index, size: tasks } = group;
  const { queueDepth, items: itemsPerClient } = params;
  const buffers = laneBuffers(fs, queueDepth, Math.max(params.writeBytes, params.readBytes));
  const phases = Array.from({ length: params.iterations }, (_, iteration) => {
    const directory = iterationDirectory(params, iteration);
    const key = fileKey(directory, 0);
    return iterationPhases({ fs, index, tasks, params, buffers, directory, key }, iteration);
  });
  const { stonewallS } = params;
  const options = { itemsPerClient, queueDepth, ...(stonewallS && { stonewallS }) };
  const wearOut = stonewallS !== undefined;
  const shape = { workload: "mdtest", options, parameters: params, wearOut, innerBarriers: false, remarks: "" };
  await runPhases(context, shape, phases.flat());
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
