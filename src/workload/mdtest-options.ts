import type { OptionSpec } from "../core/options.ts";
import { MiB } from "../core/units.ts";
import { packetTypeOption, queueDepthOption } from "./common-options.ts";

const phases: readonly OptionSpec[] = [
  {
    name: "create",
    letter: "C",
    type: "boolean",
    about: "Create; with none of -C -T -E -r: all four.",
    default: false,
  },
  { name: "stat", letter: "T", type: "boolean", about: "Stat.", default: false },
  { name: "read", letter: "E", type: "boolean", about: "Open files, read -e bytes of each, close.", default: false },
  { name: "remove", letter: "r", type: "boolean", about: "Remove.", default: false },
  { name: "files-only", letter: "F", type: "boolean", about: "No directories.", default: false },
  { name: "directories-only", letter: "D", type: "boolean", about: "No files.", default: false },
  { name: "iterations", letter: "i", type: "integer", min: 1, about: "Iterations of all phases.", default: 1 },
  {
    name: "pre-delay",
    letter: "p",
    type: "number",
    min: 0,
    max: 86_400,
    about: "Seconds to wait before the phases of directories, and before those of files, not timed.",
    default: 0,
  },
];

const tree: readonly OptionSpec[] = [
  {
    name: "items",
    letter: "n",
    type: "integer",
    min: 1,
    about:
      "Files, and directories, of each client in the whole tree, rounded down to as many in each directory. " +
      "This or -I is required.",
  },
  {
    name: "items-per-dir",
    letter: "I",
    type: "integer",
    min: 1,
    about: "Items of each client in each directory of the tree; with -n as well: -n / -I trees (test-dir.0-0, 0-1, …).",
  },
  {
    name: "depth",
    letter: "z",
    type: "integer",
    min: 0,
    max: 64,
    about: "Levels of the tree below its root.",
    default: 0,
  },
  {
    name: "branch-factor",
    letter: "b",
    type: "integer",
    min: 1,
    about: "Directories in each directory of the tree, on every level above the last.",
    default: 1,
  },
  {
    name: "leaf-only",
    letter: "L",
    type: "boolean",
    about: "Items in the directories of the last level only.",
    default: false,
  },
  {
    name: "unique-dir",
    letter: "u",
    type: "boolean",
    about: "A tree for each client, not a shared one.",
    default: false,
  },
  {
    name: "shared-file",
    letter: "S",
    type: "boolean",
    about: "All clients work on the same files (file.mdtest.shared.0, …), which the first one removes; no directories.",
    default: false,
  },
  {
    name: "directory",
    letter: "d",
    type: "string",
    about: "Where to work; made if it is missing. With -u several, a@b@c, are dealt to the clients in turn.",
    default: "out",
  },
];

const order: readonly OptionSpec[] = [
  {
    name: "rank-stride",
    letter: "N",
    type: "integer",
    min: 0,
    about:
      "Stat the items of the client N further, read those of 2 N, remove those of 3 N; defeats client caches. Where " +
      "clients are laid out node after node, N counts nodes.",
    default: 0,
  },
  {
    name: "random-stat",
    letter: "R",
    type: "boolean",
    about: "Stat and read the items in an order by chance, another one for each client.",
    default: false,
  },
  {
    name: "random-seed",
    type: "integer",
    min: 1,
    about: "Seed of -R; the same seed is the same order. mdtest takes the clock without one.",
    default: 1,
  },
];

const data: readonly OptionSpec[] = [
  {
    name: "write-bytes",
    letter: "w",
    type: "size",
    min: 0,
    max: 1024 * MiB,
    about: "Bytes written to each file on creation.",
    default: 0,
  },
  {
    name: "read-bytes",
    letter: "e",
    type: "size",
    min: 0,
    max: 1024 * MiB,
    about: "Bytes read of each file; fewer in the file is an error.",
    default: 0,
  },
  { name: "sync-file", letter: "y", type: "boolean", about: "fsync each file after writing it.", default: false },
  { name: "verify-read", letter: "X", type: "boolean", about: "Check every byte that -E reads.", default: false },
  {
    name: "verify-write",
    type: "boolean",
    about: "Read each file back as soon as it is written, timed with it, and check every byte.",
    default: false,
  },
  packetTypeOption,
  {
    name: "data-seed",
    letter: "G",
    type: "integer",
    min: 0,
    about: "Seed of the data; a run that checks an older run's files needs that run's. mdtest takes the clock.",
    default: 0,
  },
];

const stopping: readonly OptionSpec[] = [
  {
    name: "stonewall",
    letter: "W",
    type: "number",
    min: 0,
    about:
      "Seconds of file creation after which a client creates no more, but for the wear-out: all go on to as many files " +
      "as the fastest has; the other phases have as many. 0: no limit.",
    default: 0,
  },
  {
    name: "stonewall-status-file",
    letter: "x",
    type: "string",
    about:
      "File outside of the file system under test: -C -W stores how many files each client has, a run without -C reads it.",
  },
  queueDepthOption,
];

function grouped(group: string, specs: readonly OptionSpec[]): OptionSpec[] {
  return specs.map((spec) => ({ ...spec, group }));
}

/** mdtest's options by its letters; the long names are ours where it has none. */
export const mdtestOptions: readonly OptionSpec[] = [
  ...grouped("Phases", phases),
  ...grouped("Tree and items", tree),
  ...grouped("Order", order),
  ...grouped("Data", data),
  ...grouped("When to stop, and others", stopping),
];
