import { constants } from "node:fs";
import type { FileHandle, FileSystem } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import { Accesses, iorPath } from "./ior-accesses.ts";
import { type IorParams, iorExamples, iorOptions, iorUsage, parseIor } from "./ior-options.ts";
import { iorTraffic } from "./ior-traffic.ts";
import { laneBuffers } from "./lane-buffers.ts";
import { type Partners, shiftByNodes } from "./partner.ts";
import { makeDirectories, parentOf, unless } from "./paths.ts";
import { fileKey, firstWrongByte, PatternBuffer, wipe } from "./pattern.ts";
import type { Phase, PhaseWork } from "./phase.ts";
import { runPhases } from "./runner.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

/** What all phases of a client share. */
interface Task {
  readonly fs: FileSystem;
  readonly index: number;
  readonly tasks: number;
  readonly params: IorParams;
  readonly buffers: readonly Uint8Array[];
  /** Operations that each client finished in the last write phase, if this run has one. */
  written: readonly number[] | undefined;
}

/** What the transfers of one phase are made of. */
interface Transfers {
  readonly task: Task;
  readonly accesses: Accesses;
  /** Distinguishes the data of this iteration from those that earlier ones left in the same place. */
  readonly generation: number;
}

/**
 * Counted down, so that the last iteration writes generation 0: a later run can check a file that was kept without
 * knowing how many iterations there were.
 */
function generationOf(params: IorParams, iteration: number): number {
  return params.writeFile ? params.repetitions - 1 - iteration : 0;
}

function writeWork({ task, accesses, generation }: Transfers): PhaseWork {
  const { fs, params } = task;
  const { path } = accesses;
  const key = fileKey(path, params.signature);
  const patterns = task.buffers.map((bytes) => new PatternBuffer(bytes));
  let file: FileHandle;
  return {
    operations: accesses.count,
    async setUp() {
      if (task.index === 0 && parentOf(path) !== "") await makeDirectories(fs, parentOf(path));
      const ours = params.filePerProcess || task.index === 0;
      if (ours && !params.useExistingFile) await unless("ENOENT", fs.unlink(path));
    },
    async open() {
      file = await fs.open(path, constants.O_CREAT | constants.O_RDWR, 0o644);
    },
    prepare(index, lane) {
      patterns[lane]!.fill(params.transferBytes, key, generation, accesses.offset(index));
    },
    async operate(index, lane) {
      const { bytesWritten } = await file.write(task.buffers[lane]!, 0, params.transferBytes, accesses.offset(index));
      return bytesWritten;
    },
    ...(params.fsync && { finish: () => file.sync() }),
    close: () => file.close(),
    done(finished) {
      task.written = finished;
    },
  };
}

function readWork({ task, accesses, generation }: Transfers, operations: number, verify: boolean): PhaseWork {
  const { params } = task;
  const { path } = accesses;
  const { transferBytes } = params;
  const key = fileKey(path, params.signature);
  let file: FileHandle;
  return {
    operations,
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
    }),
    close: () => file.close(),
  };
}

function removeWork({ fs, index, params }: Task): PhaseWork {
  return {
    operations: params.filePerProcess || index === 0 ? 1 : 0,
    async operate() {
      await fs.unlink(iorPath(params, index));
      return 0;
    },
  };
}

/** A phase that reads back: clients go as far as their partner has written, all the way if this run did not write. */
function readPhase(task: Task, phase: string, iteration: number, { partnerOf }: Partners, verify: boolean): Phase {
  return {
    phase,
    kind: "transfers",
    iteration,
    work() {
      const partner = partnerOf[task.index]!;
      const accesses = new Accesses(task.params, partner, task.tasks);
      const operations = task.written?.[partner] ?? accesses.count;
      return readWork({ task, accesses, generation: generationOf(task.params, iteration) }, operations, verify);
    },
  };
}

/** The phases of all iterations in IOR's order. */
function iorPhases(task: Task, readBack: Partners, checkBack: Partners): Phase[] {
  const { params } = task;
  const phases: Phase[] = [];
  for (let iteration = 0; iteration < params.repetitions; iteration++) {
    if (params.writeFile) {
      const work = () => {
        const accesses = new Accesses(params, task.index, task.tasks);
        return writeWork({ task, accesses, generation: generationOf(params, iteration) });
      };
      phases.push({ phase: "write", kind: "transfers", iteration, work });
    }
    if (params.checkWrite) phases.push(readPhase(task, "write-check", iteration, checkBack, true));
    if (params.readFile) phases.push(readPhase(task, "read", iteration, readBack, false));
    if (params.checkRead) phases.push(readPhase(task, "read-check", iteration, readBack, true));
    const last = iteration === params.repetitions - 1;
    if (!params.keepFile && (params.writeFile || last)) {
      phases.push({ phase: "remove", kind: "items", iteration, work: () => removeWork(task) });
    }
  }
  return phases;
}

async function runIor(context: WorkloadContext, params: IorParams): Promise<void> {
  const { fs, group, hostOfClient } = context;
  const { queueDepth, taskPerNodeOffset, reorderTasks } = params;
  const { index, size: tasks } = group;
  const buffers = laneBuffers(fs, queueDepth, params.transferBytes);
  const task: Task = { fs, index, tasks, params, buffers, written: undefined };
  const readBack = shiftByNodes(hostOfClient, reorderTasks ? taskPerNodeOffset : 0);
  const checkBack = shiftByNodes(hostOfClient, reorderTasks ? taskPerNodeOffset + 1 : 0);
  const remarks = reorderTasks && readBack.withinNode ? "-C: some clients read what their own node wrote" : "";
  const { blockBytes, transferBytes, segments, filePerProcess, stonewallS } = params;
  const options = {
    blockBytes,
    transferBytes,
    segments,
    filePerProcess,
    queueDepth,
    ...(stonewallS && { stonewallS }),
  };
  const shape = { workload: "ior", options, parameters: params, innerBarriers: params.intraTestBarriers, remarks };
  await runPhases(context, shape, iorPhases(task, readBack, checkBack));
}

/** Bandwidth of large files, by the options, offsets, timers and formulas of IOR. */
export const ior: WorkloadDefinition<IorParams> = {
  name: "ior",
  about: "Writes and reads large files as IOR does: bandwidth of one shared file or of a file per client.",
  usage: iorUsage,
  examples: iorExamples,
  options: iorOptions,
  parse: parseIor,
  traffic: iorTraffic,
  run: runIor,
};
