import { resolve } from "node:path";
import { BenchError } from "../core/errors.ts";
import type { OptionValues } from "../core/options.ts";
import { formatSize } from "../core/units.ts";
import { absolutePath, type PacketType, packetTypeOf, parseWorkload } from "./common-options.ts";
import { iorOptions } from "./ior-options.ts";
import { iorRefused } from "./ior-refused.ts";
import { expandDirectives } from "./ior-script.ts";

/** How often a switch that may be given twice was. */
export type Twice = 0 | 1 | 2;

/** What one run of ior does, by IOR's names where ours would not say more. Plain JSON. */
export interface IorParams {
  readonly writeFile: boolean;
  readonly readFile: boolean;
  readonly checkWrite: boolean;
  readonly checkRead: boolean;
  readonly repetitions: number;
  readonly multiFile: boolean;
  readonly interTestDelayS: number;
  readonly maxTimeS?: number;
  readonly intraTestBarriers: boolean;
  readonly blockBytes: number;
  readonly transferBytes: number;
  readonly segments: number;
  readonly filePerProcess: boolean;
  readonly uniqueDirectory: boolean;
  /** At least one, absolute within the file system under test. */
  readonly testFiles: readonly string[];
  readonly reorderTasks: boolean;
  readonly taskPerNodeOffset: number;
  readonly reorderTasksRandom: Twice;
  readonly reorderTasksRandomSeed: number;
  readonly randomOffset: Twice;
  readonly randomOffsetSeed: number;
  /** 0: no prefill. */
  readonly randomPrefillBytes: number;
  readonly stonewallS?: number;
  readonly stonewallWearOut: boolean;
  readonly stonewallIterations?: number;
  /** Absolute, outside of the file system under test. */
  readonly stonewallStatusFile?: string;
  readonly minTimeS: number;
  readonly keepFile: boolean;
  readonly keepFileWithError: boolean;
  readonly useExistingFile: boolean;
  readonly fsync: boolean;
  readonly fsyncPerWrite: boolean;
  readonly packetType: PacketType;
  readonly signature: number;
  readonly outlierThresholdS: number;
  readonly refNum: number;
  readonly queueDepth: number;
}

export const iorUsage = "ior [options]";
export const iorExamples = [
  "ior -w -r -F -t 4m -b 256m",
  "ior -w -r -W -R -C -t 47008 -b 47008 -s 1000",
  "ior -w -k -D 60 -O stoneWallingWearOut=1 -t 1m -b 64g -F -e",
  "ior -w -r -z -F -t 4k -b 64m --random-offset-seed 7 -l random",
];

/** @throws BenchError ERR_CONFIG naming the option, its value and what is allowed. */
export function parseIor(argv: readonly string[]): IorParams {
  const info = { command: "ior", usage: iorUsage, examples: iorExamples };
  const values = parseWorkload(iorOptions, iorRefused, expandDirectives(argv), info);
  for (const name of ["directives", "script-file"]) {
    if (values[name] === undefined) continue;
    const letter = name === "directives" ? "-O" : "-f";
    throw new BenchError("ERR_CONFIG", `ior: write ${letter} by itself, not behind other letters`, { option: letter });
  }
  const params = readParams(values);
  for (const { option, isWrong, why } of rules) {
    if (isWrong(params)) throw new BenchError("ERR_CONFIG", `ior: ${why(params)}`, { option });
  }
  return params;
}

function readParams(values: OptionValues): IorParams {
  const flag = (name: string) => values[name] === true;
  const number = (name: string) => values[name] as number;
  const twice = (name: string) => number(name) as Twice;
  const noneGiven = !["write-file", "read-file", "check-write", "check-read"].some(flag);
  const statusFile = values["stone-walling-status-file"];
  return {
    writeFile: flag("write-file") || noneGiven,
    readFile: flag("read-file") || noneGiven,
    checkWrite: flag("check-write"),
    checkRead: flag("check-read"),
    repetitions: number("repetitions"),
    multiFile: flag("multi-file"),
    interTestDelayS: number("inter-test-delay"),
    ...(number("max-time-duration") > 0 && { maxTimeS: number("max-time-duration") * 60 }),
    intraTestBarriers: flag("intra-test-barriers"),
    blockBytes: number("block-size"),
    transferBytes: number("transfer-size"),
    segments: number("segment-count"),
    filePerProcess: flag("file-per-proc"),
    uniqueDirectory: flag("unique-dir"),
    testFiles: (values["test-file"] as string).split("@").map((path) => absolutePath(path, "ior: -o, --test-file")),
    reorderTasks: flag("reorder-tasks"),
    taskPerNodeOffset: number("task-per-node-offset"),
    reorderTasksRandom: twice("reorder-tasks-random"),
    reorderTasksRandomSeed: number("reorder-tasks-random-seed"),
    randomOffset: twice("random-offset"),
    randomOffsetSeed: number("random-offset-seed"),
    randomPrefillBytes: number("random-prefill"),
    ...(number("deadline-for-stonewalling") > 0 && { stonewallS: number("deadline-for-stonewalling") }),
    stonewallWearOut: flag("stone-walling-wear-out"),
    ...(number("stone-walling-wear-out-iterations") > 0 && {
      stonewallIterations: number("stone-walling-wear-out-iterations"),
    }),
    ...(statusFile !== undefined && { stonewallStatusFile: resolve(String(statusFile)) }),
    minTimeS: number("min-time-duration"),
    keepFile: flag("keep-file"),
    keepFileWithError: flag("keep-file-with-error"),
    useExistingFile: flag("use-existing-test-file"),
    fsync: flag("fsync"),
    fsyncPerWrite: flag("fsync-per-write"),
    packetType: packetTypeOf(values["data-packet-type"]),
    signature: number("set-time-stamp-signature"),
    outlierThresholdS: number("outlier-threshold"),
    refNum: number("ref-num"),
    queueDepth: number("queue-depth"),
  };
}

/** Largest block times segments, so that offsets in a file of all clients stay exact numbers. */
const clientBytesMax = 2 ** 40 * 1024;
/** With -z -z each client keeps a position for each segment. */
const randomSegmentsMax = 2 ** 24;

interface Rule {
  readonly option: string;
  isWrong(params: IorParams): boolean;
  why(params: IorParams): string;
}

/** What may not be combined; the first that is broken is named. */
const rules: readonly Rule[] = [
  {
    option: "-b",
    isWrong: ({ blockBytes, transferBytes }) => blockBytes % transferBytes !== 0,
    why: ({ blockBytes, transferBytes }) =>
      `-b ${formatSize(blockBytes)} is no multiple of -t ${formatSize(transferBytes)}`,
  },
  {
    option: "-s",
    isWrong: ({ blockBytes, segments }) => blockBytes * segments > clientBytesMax,
    why: () => `-b x -s is more than ${formatSize(clientBytesMax)} for each client`,
  },
  {
    option: "-Z",
    isWrong: ({ reorderTasks, reorderTasksRandom }) => reorderTasks && reorderTasksRandom > 0,
    why: () => "-C and -Z exclude each other: a client reads at a constant distance, or of one chosen by chance",
  },
  {
    option: "-z",
    isWrong: ({ randomOffset, filePerProcess, reorderTasks, reorderTasksRandom }) =>
      randomOffset > 0 && !filePerProcess && (reorderTasks || reorderTasksRandom > 0),
    why: () => "-z in a shared file (without -F) excludes -C and -Z: chance has dealt its transfers to the clients",
  },
  {
    option: "-z",
    isWrong: ({ randomOffset, blockBytes, transferBytes }) => randomOffset === 1 && blockBytes === transferBytes,
    why: () => "-z shuffles the transfers of a block, so -b must be larger than -t",
  },
  {
    option: "-z",
    isWrong: ({ randomOffset, segments }) => randomOffset === 2 && segments > randomSegmentsMax,
    why: () => `-z -z takes at most ${randomSegmentsMax} segments`,
  },
  {
    option: "--random-prefill",
    isWrong: ({ randomPrefillBytes, randomOffset, writeFile }) =>
      randomPrefillBytes > 0 && !(randomOffset > 0 && writeFile),
    why: () => "--random-prefill fills the file for -z -w, and does nothing without them",
  },
  {
    option: "--random-prefill",
    isWrong: ({ randomPrefillBytes, blockBytes }) => randomPrefillBytes > 0 && blockBytes % randomPrefillBytes !== 0,
    why: ({ randomPrefillBytes, blockBytes }) =>
      `-b ${formatSize(blockBytes)} is no multiple of --random-prefill ${formatSize(randomPrefillBytes)}`,
  },
  {
    option: "--stone-walling-wear-out",
    isWrong: ({ stonewallWearOut, stonewallS }) => stonewallWearOut && stonewallS === undefined,
    why: () => "--stone-walling-wear-out needs a stonewall: -D",
  },
  {
    option: "--stone-walling-status-file",
    isWrong: ({ stonewallStatusFile, keepFile }) => stonewallStatusFile !== undefined && !keepFile,
    why: () => "--stone-walling-status-file is for a later run that reads the file: it needs -k",
  },
  {
    option: "--stone-walling-status-file",
    isWrong: ({ stonewallStatusFile, writeFile, stonewallWearOut }) =>
      stonewallStatusFile !== undefined && writeFile && !stonewallWearOut,
    why: () => "--stone-walling-status-file with -w needs --stone-walling-wear-out: one number holds for all clients",
  },
  {
    option: "-u",
    isWrong: ({ uniqueDirectory, filePerProcess }) => uniqueDirectory && !filePerProcess,
    why: () => "-u gives each client's file a directory: it needs -F",
  },
  {
    option: "-o",
    isWrong: ({ testFiles, filePerProcess }) => testFiles.length > 1 && !filePerProcess,
    why: () => "-o with several paths (a@b) deals them to the clients' files: it needs -F",
  },
  {
    option: "-u",
    isWrong: ({ testFiles, uniqueDirectory }) => testFiles.length > 1 && uniqueDirectory,
    why: () => "-u and several paths of -o exclude each other",
  },
];
