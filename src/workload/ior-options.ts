import { BenchError } from "../core/errors.ts";
import type { OptionSpec } from "../core/options.ts";
import { formatSize, KiB, MiB } from "../core/units.ts";
import { absolutePath, parseWorkload, queueDepthOption } from "./common-options.ts";

export interface IorParams {
  readonly writeFile: boolean;
  readonly readFile: boolean;
  readonly checkWrite: boolean;
  readonly checkRead: boolean;
  readonly blockBytes: number;
  readonly transferBytes: number;
  readonly segments: number;
  readonly filePerProcess: boolean;
  readonly fsync: boolean;
  readonly useExistingFile: boolean;
  readonly keepFile: boolean;
  readonly reorderTasks: boolean;
  readonly taskPerNodeOffset: number;
  readonly randomOffset: boolean;
  readonly intraTestBarriers: boolean;
  readonly repetitions: number;
  readonly testFile: string;
  readonly stonewallS?: number;
  readonly signature: number;
  readonly queueDepth: number;
}

export const iorOptions: readonly OptionSpec[] = [
  {
    name: "write-file",
    letter: "w",
    type: "boolean",
    about: "Write; with none of -w -r -W -R: write and read.",
    default: false,
  },
  { name: "read-file", letter: "r", type: "boolean", about: "Read.", default: false },
  {
    name: "check-write",
    letter: "W",
    type: "boolean",
    about: "Read back after the write phase and check every byte; a row of its own.",
    default: false,
  },
  {
    name: "check-read",
    letter: "R",
    type: "boolean",
    about: "Read and check every byte, after the read phase if there is one; a row of its own.",
    default: false,
  },
  {
    name: "transfer-size",
    letter: "t",
    type: "size",
    min: 1,
    max: 1024 * MiB,
    about: "Size of one operation.",
    default: 256 * KiB,
  },
  {
    name: "block-size",
    letter: "b",
    type: "size",
    min: 1,
    about: "Contiguous bytes of each client in each segment; a multiple of the transfer size.",
    default: 1 * MiB,
  },
  { name: "segment-count", letter: "s", type: "integer", min: 1, about: "Segments of the file.", default: 1 },
  {
    name: "file-per-proc",
    letter: "F",
    type: "boolean",
    about: "A file for each client instead of a shared one.",
    default: false,
  },
  {
    name: "test-file",
    letter: "o",
    type: "string",
    about: "Path of the file; missing directories are made.",
    default: "testFile",
  },
  { name: "repetitions", letter: "i", type: "integer", min: 1, about: "Iterations.", default: 1 },
  { name: "keep-file", letter: "k", type: "boolean", about: "Do not remove the file at the end.", default: false },
  {
    name: "use-existing-test-file",
    letter: "E",
    type: "boolean",
    about: "Do not remove the file before the write phase.",
    default: false,
  },
  {
    name: "fsync",
    letter: "e",
    type: "boolean",
    about: "fsync at the end of the write phase, timed with it.",
    default: false,
  },
  {
    name: "reorder-tasks",
    letter: "C",
    type: "boolean",
    about: "Clients read back what a client on another node wrote; without effect on one node.",
    default: false,
  },
  {
    name: "task-per-node-offset",
    letter: "Q",
    type: "integer",
    min: 1,
    about: "By how many nodes -C shifts.",
    default: 1,
  },
  {
    name: "random-offset",
    letter: "z",
    type: "boolean",
    about: "Shuffle the operations within each block.",
    default: false,
  },
  {
    name: "intra-test-barriers",
    letter: "g",
    type: "boolean",
    about: "Barriers between open, operations and close.",
    default: false,
  },
  {
    name: "deadline-for-stonewalling",
    letter: "D",
    type: "number",
    min: 0,
    about: "Seconds after which no operation is issued in a phase; reads stop where the writes did. 0: no limit.",
    default: 0,
  },
  {
    name: "set-time-stamp-signature",
    letter: "G",
    type: "integer",
    min: 0,
    about: "Seed of the data; a run that checks an older run's file needs that run's.",
    default: 0,
  },
  queueDepthOption,
];

const refused: Readonly<Record<string, string>> = {
  "-a": "the file system under test is chosen by --target of the run",
  "-A": "rows carry the run id",
  "-c": "collective I/O is a matter of MPI-IO",
  "-d": "delays between phases would only hide what is still in caches",
  "-f": "give several workloads in the configuration file",
  "-H": "there are no hints to show",
  "-j": "ranks.csv has the stamps of every client",
  "-J": "alignment is a matter of HDF5",
  "-K": "use -k: a file with errors is kept like any other",
  "-l": "the data are always incompressible and differ in every block",
  "-m": "every iteration uses the same file name",
  "-M": "memory is not filled up",
  "-N": "all clients take part; choose their number with the ranks of the run",
  "-O": "there are no directives; every option has a letter or a long name",
  "-q": "an error always makes its row invalid and never ends the run",
  "-T": "use -D, or the time limit of the job",
  "-u": "files of all clients share one directory",
  "-U": "there are no hints",
  "-v": "details are in ranks.csv",
  "-x": "an operation is tried once",
  "-X": "-Z is not supported",
  "-y": "there is one mount",
  "-Y": "use -e, or the durability class of the run",
  "-Z": "use -C, which asks where clients really are",
};

export const iorUsage = "ior [options]";
export const iorExamples = [
  "ior -w -r -F -t 4m -b 256m",
  "ior -w -r -W -R -C -t 47008 -b 47008 -s 1000",
  "ior -w -k -D 60 -t 1m -b 64g -F -e",
];

/** @throws BenchError ERR_CONFIG. */
export function parseIor(argv: readonly string[]): IorParams {
  const info = { command: "ior", usage: iorUsage, examples: iorExamples };
  const values = parseWorkload(iorOptions, refused, argv, info);
  const flag = (name: string) => values[name] === true;
  const number = (name: string) => values[name] as number;
  const noneGiven = !["write-file", "read-file", "check-write", "check-read"].some(flag);
  const params: IorParams = {
    writeFile: flag("write-file") || noneGiven,
    readFile: flag("read-file") || noneGiven,
    checkWrite: flag("check-write"),
    checkRead: flag("check-read"),
    blockBytes: number("block-size"),
    transferBytes: number("transfer-size"),
    segments: number("segment-count"),
    filePerProcess: flag("file-per-proc"),
    fsync: flag("fsync"),
    useExistingFile: flag("use-existing-test-file"),
    keepFile: flag("keep-file"),
    reorderTasks: flag("reorder-tasks"),
    taskPerNodeOffset: number("task-per-node-offset"),
    randomOffset: flag("random-offset"),
    intraTestBarriers: flag("intra-test-barriers"),
    repetitions: number("repetitions"),
    testFile: absolutePath(values["test-file"] as string, "ior: -o, --test-file"),
    ...(number("deadline-for-stonewalling") > 0 && { stonewallS: number("deadline-for-stonewalling") }),
    signature: number("set-time-stamp-signature"),
    queueDepth: number("queue-depth"),
  };
  check(params);
  return params;
}

/** Largest block times segments, so that offsets in a file of all clients stay exact numbers. */
const clientBytesMax = 2 ** 40 * 1024;

function check({ blockBytes, transferBytes, segments }: IorParams): void {
  if (blockBytes % transferBytes !== 0) {
    const message = `ior: -b ${formatSize(blockBytes)} is no multiple of -t ${formatSize(transferBytes)}`;
    throw new BenchError("ERR_CONFIG", message, { option: "-b" });
  }
  if (blockBytes * segments > clientBytesMax) {
    const message = `ior: -b x -s is more than ${formatSize(clientBytesMax)} for each client`;
    throw new BenchError("ERR_CONFIG", message, { option: "-s" });
  }
}
