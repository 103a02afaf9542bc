import { constants } from "node:fs";
import type { FileHandle, FileKind, FileStat, FileSystem } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import type { MdtestParams } from "./mdtest-params.ts";
import { type Items, type ItemTree, shuffledItems, type TreeItem } from "./mdtest-tree.ts";
import { makeDirectories } from "./paths.ts";
import { type FileKey, firstWrongByte, itemKey, PatternBuffer, wipe } from "./pattern.ts";
import type { PhaseWork } from "./phase.ts";

/** One client in one iteration. */
export interface Task {
  readonly fs: FileSystem;
  readonly index: number;
  readonly tasks: number;
  readonly iteration: number;
  readonly params: MdtestParams;
  readonly tree: ItemTree;
  /** -N, in clients. */
  readonly stride: number;
  readonly key: FileKey;
  readonly buffers: readonly Uint8Array[];
  /** One for each of `buffers`, where --verify-write reads back what it has written. */
  readonly readBackBuffers: readonly Uint8Array[];
  /** Files of each client: all, or as many as were made before a stonewall. */
  files: number;
  /** Files that each client has made in this iteration, by index, if it has made any. */
  made: readonly number[] | undefined;
}

/** The items that a client works on, in their order. */
interface Visit {
  readonly operations: number;
  path(index: number): string;
  /** Identity of a file's data. */
  keyOf(index: number): FileKey;
}

/** How often -N has shifted a phase. */
export const strides = { create: 0, stat: 1, read: 2, remove: 3 } as const;

function visit(task: Task, kind: FileKind, shifts: number, itemAt: (index: number) => TreeItem): Visit {
  const { params, tree, tasks, stride } = task;
  const owner = (task.index + shifts * stride) % tasks;
  const items: Items = tree.items(owner, stride, task.iteration);
  return {
    operations: kind === "file" ? task.files : params.items,
    path: (index) => items.path(kind, itemAt(index)),
    keyOf(index) {
      const { tree: number, item } = itemAt(index);
      // All clients write the same into a shared file.
      return itemKey(task.key, params.sharedFile ? 0 : owner, number * tree.itemsPerTree + item);
    },
  };
}

/** As items are made and removed. */
function visitInOrder(task: Task, kind: FileKind, shifts: number): Visit {
  return visit(task, kind, shifts, (index) => task.tree.inOrderOfMaking(index));
}

/** As items are looked at: by their numbers, or with -R by chance. */
function visitByNumber(task: Task, kind: FileKind, shifts: number): Visit {
  const { params, tree, index: client } = task;
  const { randomSeed } = params;
  const count = kind === "file" ? task.files / params.trees : tree.itemsPerTree;
  const order = randomSeed === undefined ? undefined : shuffledItems(count, randomSeed + client);
  return visit(task, kind, shifts, (index) => tree.inOrderOfNumbers(index, order));
}

export function makeTree(task: Task): PhaseWork {
  const { fs, params } = task;
  const paths = ownDirectories(task, false);
  return {
    operations: paths.length,
    // A directory is made before those in it.
    inOrder: params.depth > 0,
    async setUp() {
      for (const path of ownTestDirectories(task)) await makeDirectories(fs, path);
    },
    async operate(index) {
      await fs.mkdir(paths[index]!);
      return 0;
    },
  };
}

export function removeTree(task: Task): PhaseWork {
  const { fs, params } = task;
  const paths = ownDirectories(task, true);
  return {
    operations: paths.length,
    inOrder: params.depth > 0,
    async operate(index) {
      await fs.rmdir(paths[index]!);
      return 0;
    },
    async cleanUp() {
      for (const path of ownTestDirectories(task)) await fs.rmdir(path);
    },
  };
}

/** The directories that this client makes and removes: of its own tree, or on the first client of the shared ones. */
function ownDirectories({ tree, params, index, iteration }: Task, toRemove: boolean): string[] {
  if (!params.uniqueDirectory && index > 0) return [];
  const trees = Array.from({ length: params.trees }, (_, number) => number);
  return trees.flatMap((number) => tree.directories(index, iteration, number, toRemove));
}

function ownTestDirectories({ tree, params, index, iteration }: Task): string[] {
  if (index >= params.testDirectories.length) return [];
  return Array.from({ length: params.trees }, (_, number) => tree.testDirectory(index, iteration, number));
}

export function makeDirectoryItems(task: Task): PhaseWork {
  const { operations, path } = visitInOrder(task, "directory", strides.create);
  return {
    operations,
    async operate(index) {
      await task.fs.mkdir(path(index));
      return 0;
    },
  };
}

export function createFiles(task: Task): PhaseWork {
  const { fs, params, buffers, readBackBuffers } = task;
  const { writeBytes, syncFile, verifyWrite } = params;
  const { operations, path, keyOf } = visitInOrder(task, "file", strides.create);
  const flags = constants.O_CREAT | (verifyWrite ? constants.O_RDWR : constants.O_WRONLY);
  const patterns = buffers.map((bytes) => new PatternBuffer(bytes));
  return {
    operations,
    prepare(index, lane) {
      patterns[lane]!.fill(writeBytes, keyOf(index), 0, 0);
      if (verifyWrite) wipe(readBackBuffers[lane]!, writeBytes);
    },
    async operate(index, lane) {
      const file = await fs.open(path(index), flags, 0o644);
      try {
        if (writeBytes > 0) await file.write(buffers[lane]!, 0, writeBytes, 0);
        if (syncFile) await file.sync();
        if (verifyWrite) await readAll(file, readBackBuffers[lane]!, writeBytes, path(index));
      } finally {
        await file.close();
      }
      return writeBytes;
    },
    ...(verifyWrite && {
      check: (index, lane) => wrongData(readBackBuffers[lane]!, writeBytes, keyOf(index), path(index)),
    }),
    done(finished) {
      task.made = finished;
      task.files = Math.max(...finished);
    },
  };
}

export function statItems(task: Task, kind: FileKind): PhaseWork {
  const { fs, params } = task;
  const { operations, path } = visitByNumber(task, kind, strides.stat);
  const found = new Array<FileStat | undefined>(params.queueDepth);
  return {
    operations,
    async operate(index, lane) {
      found[lane] = await fs.stat(path(index));
      return 0;
    },
    check(index, lane) {
      const stat = found[lane]!;
      if (stat.kind !== kind) return `${path(index)} is a ${stat.kind}`;
      // A run that did not create the files does not know their size.
      if (kind === "directory" || !params.create || stat.size === params.writeBytes) return undefined;
      return `${path(index)} has ${stat.size} bytes instead of ${params.writeBytes}`;
    },
  };
}

export function readFiles(task: Task): PhaseWork {
  const { fs, params, buffers } = task;
  const { readBytes } = params;
  const { operations, path, keyOf } = visitByNumber(task, "file", strides.read);
  return {
    operations,
    async operate(index, lane) {
      const file = await fs.open(path(index), constants.O_RDONLY);
      try {
        if (readBytes > 0) await readAll(file, buffers[lane]!, readBytes, path(index));
      } finally {
        await file.close();
      }
      return readBytes;
    },
    ...(params.verifyRead && {
      prepare(_, lane) {
        wipe(buffers[lane]!, readBytes);
      },
      check: (index, lane) => wrongData(buffers[lane]!, readBytes, keyOf(index), path(index)),
    }),
  };
}

/** @throws BenchError ERR_WORKLOAD, which counts as a failed operation, if the file has fewer bytes. */
async function readAll(file: FileHandle, buffer: Uint8Array, bytes: number, path: string): Promise<void> {
  const { bytesRead } = await file.read(buffer, 0, bytes, 0);
  if (bytesRead === bytes) return;
  throw new BenchError("ERR_WORKLOAD", `short read: ${bytesRead} of ${bytes} bytes of ${path}`);
}

function wrongData(buffer: Uint8Array, bytes: number, key: FileKey, path: string): string | undefined {
  const wrong = firstWrongByte(buffer, bytes, key, 0, 0);
  return wrong === -1 ? undefined : `wrong byte at offset ${wrong} of ${path}`;
}

export function removeItems(task: Task, kind: FileKind): PhaseWork {
  const { fs, params, index } = task;
  const { operations, path } = visitInOrder(task, kind, strides.remove);
  return {
    operations: params.sharedFile && index > 0 ? 0 : operations,
    async operate(index) {
      await (kind === "file" ? fs.unlink(path(index)) : fs.rmdir(path(index)));
      return 0;
    },
  };
}
