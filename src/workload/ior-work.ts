import { constants } from "node:fs";
import type { FileHandle, FileSystem } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import { type Accesses, iorPath } from "./ior-accesses.ts";
import type { IorParams } from "./ior-params.ts";
import { makeDirectories, parentOf, unless } from "./paths.ts";
import { fileKey, firstWrongByte, PatternBuffer, wipe } from "./pattern.ts";
import type { PhaseWork } from "./phase.ts";

/** What all phases of a client share. */
export interface Task {
  readonly fs: FileSystem;
  readonly index: number;
  readonly tasks: number;
  readonly params: IorParams;
  /** One for each operation in flight, as large as the largest transfer. */
  readonly buffers: readonly Uint8Array[];
  /** Waits as -d says. */
  pause(): Promise<void>;
  /** Operations that each client finished in the last write phase, if this run has one. */
  written: readonly number[] | undefined;
  /** Iterations in which a check found wrong data. */
  readonly wrongIterations: Set<number>;
}

/** What the transfers of one phase are made of. */
export interface Transfers {
  readonly task: Task;
  readonly iteration: number;
  readonly path: string;
  readonly accesses: Accesses;
  /** Operations, if they are fewer than the accesses; undefined: all. */
  readonly operations?: number;
  /** Distinguishes the data of this iteration from those that earlier ones left in the same place. */
  readonly generation: number;
}

function keyOf({ task: { params }, path }: Transfers) {
  return fileKey(path, params.signature, params.packetType);
}

/** Before the first phase of an iteration that writes: no file from before, but the directories for the new one. */
async function clearTheWay({ task, path }: Transfers): Promise<void> {
  const { fs, index, params } = task;
  // Of several directories each client makes its own.
  const isOwn = params.uniqueDirectory || params.testFiles.length > 1 || index === 0;
  if (isOwn && parentOf(path) !== "") await makeDirectories(fs, parentOf(path));
  if ((params.filePerProcess || index === 0) && !params.useExistingFile) await unless("ENOENT", fs.unlink(path));
}

export function writeWork(transfers: Transfers, isPrefilled: boolean): PhaseWork {
  const { task, path, accesses, operations = accesses.count, generation } = transfers;
  const { params, buffers } = task;
  const { transferBytes, fsyncPerWrite } = params;
  const key = keyOf(transfers);
  const patterns = buffers.map((bytes) => new PatternBuffer(bytes));
  let file: FileHandle;
  return {
    operations,
    repeats: true,
    async setUp() {
      await task.pause();
      if (!isPrefilled) await clearTheWay(transfers);
    },
    async open() {
      file = await task.fs.open(path, constants.O_CREAT | constants.O_RDWR, 0o644);
    },
    prepare(index, lane) {
      patterns[lane]!.fill(transferBytes, key, generation, accesses.offset(index));
    },
    async operate(index, lane) {
      const { bytesWritten } = await file.write(buffers[lane]!, 0, transferBytes, accesses.offset(index));
      if (fsyncPerWrite) await file.sync();
      return bytesWritten;
    },
    ...(params.fsync && { finish: () => file.sync() }),
    close: () => file.close(),
    done(finished) {
      task.written = finished;
    },
  };
}

/** Fills the file with what no data are, so that writes by chance find no holes. */
export function prefillWork(transfers: Transfers): PhaseWork {
  const { task, path, accesses } = transfers;
  const { params, buffers } = task;
  let file: FileHandle;
  return {
    operations: accesses.count,
    setUp: () => clearTheWay(transfers),
    async open() {
      for (const buffer of buffers) buffer.fill(0xff);
      file = await task.fs.open(path, constants.O_CREAT | constants.O_RDWR, 0o644);
    },
    async operate(index, lane) {
      const range = [0, params.randomPrefillBytes, accesses.offset(index)] as const;
      return (await file.write(buffers[lane]!, ...range)).bytesWritten;
    },
    close: () => file.close(),
  };
}

export interface Reading {
  /** Every byte is compared with what was to be written. */
  readonly verify: boolean;
  /** -d comes before it. */
  readonly pauses: boolean;
}

export function readWork(transfers: Transfers, { verify, pauses }: Reading): PhaseWork {
  const { task, path, accesses, operations = accesses.count, generation } = transfers;
  const { transferBytes } = task.params;
  const key = keyOf(transfers);
  let file: FileHandle;
  return {
    operations,
    repeats: true,
    ...(pauses && { setUp: () => task.pause() }),
    async open() {
      file = await task.fs.open(path, constants.O_RDONLY);
    },
    async operate(index, lane) {
      const { bytesRead } = await file.read(task.buffers[lane]!, 0, transferBytes, accesses.offset(index));
      if (bytesRead === transferBytes) return bytesRead;
      const where = `at offset ${accesses.offset(index)} of ${path}`;
      throw new BenchError("ERR_WORKLOAD", `short read: ${bytesRead} of ${transferBytes} bytes ${where}`);
    },
    ...(verify && {
      prepare(_, lane) {
        wipe(task.buffers[lane]!, transferBytes);
      },
      check(index, lane) {
        const offset = accesses.offset(index);
        const wrong = firstWrongByte(task.buffers[lane]!, transferBytes, key, generation, offset);
        return wrong === -1 ? undefined : `wrong byte at offset ${offset + wrong} of ${path}`;
      },
      done(_, verifyErrors) {
        if (verifyErrors > 0) task.wrongIterations.add(transfers.iteration);
      },
    }),
    close: () => file.close(),
  };
}

/** @param owner Whose file this client removes; a shared one is removed by the first. */
export function removeWork({ fs, index, params }: Task, owner: number, iteration: number): PhaseWork {
  return {
    operations: params.filePerProcess || index === 0 ? 1 : 0,
    async operate() {
      await fs.unlink(iorPath(params, owner, iteration));
      return 0;
    },
  };
}
