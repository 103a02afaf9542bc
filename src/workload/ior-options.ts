import type { OptionSpec } from "../core/options.ts";
import { KiB, MiB } from "../core/units.ts";
import { packetTypeOption, queueDepthOption } from "./common-options.ts";

const phases: readonly OptionSpec[] = [
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
    name: "repetitions",
    letter: "i",
    type: "integer",
    min: 1,
    about: "Iterations of all phases; each has its own rows.",
    default: 1,
  },
  {
    name: "multi-file",
    letter: "m",
    type: "boolean",
    about: "A file of its own for each iteration: its number follows the name (testFile.0, testFile.1).",
    default: false,
  },
  {
    name: "inter-test-delay",
    letter: "d",
    type: "number",
    min: 0,
    max: 86_400,
    about: "Seconds to wait before each write and each read phase, not timed.",
    default: 0,
  },
  {
    name: "max-time-duration",
    letter: "T",
    type: "number",
    min: 0,
    about: "Minutes after which no further write, check or read phase begins; it never cuts one short. 0: no limit.",
    default: 0,
  },
  {
    name: "intra-test-barriers",
    letter: "g",
    type: "boolean",
    about: "Barriers between open, operations and close, so that their times do not overlap.",
    default: false,
  },
];

const geometry: readonly OptionSpec[] = [
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
  {
    name: "segment-count",
    letter: "s",
    type: "integer",
    min: 1,
    about: "Segments of the file: in each, every client has one block, in the order of the clients.",
    default: 1,
  },
  {
    name: "file-per-proc",
    letter: "F",
    type: "boolean",
    about: "A file for each client instead of a shared one.",
    default: false,
  },
  {
    name: "unique-dir",
    letter: "u",
    type: "boolean",
    about: "With -F: each client's file in a directory of its own (dir/3/testFile.00000003), which stays.",
    default: false,
  },
  {
    name: "test-file",
    letter: "o",
    type: "string",
    about: "Path of the file; missing directories are made. With -F several, a@b@c, are dealt to the clients in turn.",
    default: "testFile",
  },
];

const order: readonly OptionSpec[] = [
  {
    name: "reorder-tasks",
    letter: "C",
    type: "boolean",
    about:
      "Clients read back what a client -Q nodes further wrote (-W: -Q + 1 nodes), so not from a cache of their node.",
    default: false,
  },
  {
    name: "task-per-node-offset",
    letter: "Q",
    type: "integer",
    min: 1,
    about: "By how many nodes -C shifts, and -Z at least.",
    default: 1,
  },
  {
    name: "reorder-tasks-random",
    letter: "Z",
    type: "count",
    min: 0,
    max: 2,
    about:
      "Read phases read the data of a client chosen by chance; twice: of each client exactly once (a permutation).",
    default: 0,
  },
  {
    name: "reorder-tasks-random-seed",
    letter: "X",
    type: "integer",
    about: "Seed of -Z; below 0: another choice in each iteration.",
    default: 0,
  },
  {
    name: "random-offset",
    letter: "z",
    type: "count",
    min: 0,
    max: 2,
    about:
      "Transfers in an order by chance: with -F within each block, else dealt to all clients within each segment. " +
      "Twice: blocks anywhere in the file, which may overlap and leave holes.",
    default: 0,
  },
  {
    name: "random-offset-seed",
    type: "integer",
    min: 0,
    about: "Seed of -z; the same seed is the same order. IOR takes the clock without one.",
    default: 0,
  },
  {
    name: "random-prefill",
    type: "size",
    min: 0,
    max: 1024 * MiB,
    about: "With -z: first fill the file with bytes 0xff by operations of this size, a phase of its own. 0: no.",
    default: 0,
  },
];

const stopping: readonly OptionSpec[] = [
  {
    name: "deadline-for-stonewalling",
    letter: "D",
    type: "number",
    min: 0,
    about:
      "Stonewall: seconds of write or read after which a client issues no operation; reads stop where the writes did. " +
      "0: no limit.",
    default: 0,
  },
  {
    name: "stone-walling-wear-out",
    type: "boolean",
    about: "After the stonewall all clients go on until each has done as many operations as the fastest one.",
    default: false,
  },
  {
    name: "stone-walling-wear-out-iterations",
    type: "integer",
    min: 0,
    about: "Stop each phase after this many operations of a client, to read what a worn-out run wrote. 0: no limit.",
    default: 0,
  },
  {
    name: "stone-walling-status-file",
    type: "string",
    about:
      "File outside of the file system under test: the write phase stores how many operations each client did, a run " +
      "without -w reads it and stops there.",
  },
  {
    name: "min-time-duration",
    type: "number",
    min: 0,
    about: "Seconds that the operations of a phase last at least: they start again from the first one until then.",
    default: 0,
  },
];

const files: readonly OptionSpec[] = [
  { name: "keep-file", letter: "k", type: "boolean", about: "Do not remove the file at the end.", default: false },
  {
    name: "keep-file-with-error",
    letter: "K",
    type: "boolean",
    about: "Do not remove the file of an iteration whose check found wrong data.",
    default: false,
  },
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
    name: "fsync-per-write",
    letter: "Y",
    type: "boolean",
    about: "fsync after every write, timed as part of it.",
    default: false,
  },
  {
    name: "single-xfer-attempt",
    letter: "x",
    type: "boolean",
    about: "An operation that moves too few bytes is an error and not tried again: always so here.",
    default: false,
  },
];

const data: readonly OptionSpec[] = [
  { ...packetTypeOption, letter: "l" },
  {
    name: "set-time-stamp-signature",
    letter: "G",
    type: "integer",
    min: 0,
    about: "Seed of the data; a run that checks an older run's file needs that run's.",
    default: 0,
  },
];

const others: readonly OptionSpec[] = [
  {
    name: "outlier-threshold",
    letter: "j",
    type: "number",
    min: 0,
    about: "Remark in each row which clients were more than this many seconds from the mean of all. 0: no.",
    default: 0,
  },
  {
    name: "ref-num",
    letter: "A",
    type: "integer",
    about: "A number of yours, for the parameters in the rows.",
    default: 0,
  },
  {
    name: "api",
    letter: "a",
    type: "choice",
    choices: ["POSIX"],
    about:
      "IOR's back end: only files with reads and writes at offsets; --target of the run says on which file system.",
    default: "POSIX",
  },
  {
    name: "directives",
    letter: "O",
    type: "string",
    about: "Options by IOR's names: -O stoneWallingWearOut=1,minTimeDuration=10.",
  },
  {
    name: "script-file",
    letter: "f",
    type: "string",
    about: "IOR script (IOR START, directives, RUN, …, IOR STOP): each RUN becomes an ior workload of this run.",
  },
  queueDepthOption,
];

function grouped(group: string, specs: readonly OptionSpec[]): OptionSpec[] {
  return specs.map((spec) => ({ ...spec, group }));
}

/** Named after IOR's options: `fsync-per-write` is its fsyncPerWrite. */
export const iorOptions: readonly OptionSpec[] = [
  ...grouped("Phases", phases),
  ...grouped("Size and place", geometry),
  ...grouped("Order", order),
  ...grouped("When to stop", stopping),
  ...grouped("Files", files),
  ...grouped("Data", data),
  ...grouped("Others", others),
];
