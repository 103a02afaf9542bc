import { resolve } from "node:path";
import { BenchError } from "../core/errors.ts";
import type { OptionValues } from "../core/options.ts";
import { absolutePath, type PacketType, packetTypeOf, parseWorkload } from "./common-options.ts";
import { mdtestOptions } from "./mdtest-options.ts";
import { mdtestRefused } from "./mdtest-refused.ts";

/** What one run of mdtest does. Plain JSON. */
export interface MdtestParams {
  readonly create: boolean;
  readonly stat: boolean;
  readonly read: boolean;
  readonly remove: boolean;
  readonly files: boolean;
  readonly directories: boolean;
  readonly iterations: number;
  readonly preDelayS: number;
  /** Files, and directories, of each client in all trees of an iteration. */
  readonly items: number;
  readonly itemsPerDirectory: number;
  /** Trees of an iteration, each with items / trees of a client's items. */
  readonly trees: number;
  readonly depth: number;
  readonly branchFactor: number;
  readonly leafOnly: boolean;
  readonly uniqueDirectory: boolean;
  readonly sharedFile: boolean;
  /** At least one, absolute within the file system under test. */
  readonly testDirectories: readonly string[];
  readonly rankStride: number;
  /** undefined: items in their order. */
  readonly randomSeed?: number;
  readonly writeBytes: number;
  readonly readBytes: number;
  readonly syncFile: boolean;
  readonly verifyRead: boolean;
  readonly verifyWrite: boolean;
  readonly packetType: PacketType;
  readonly dataSeed: number;
  readonly stonewallS?: number;
  /** Absolute, outside of the file system under test. */
  readonly stonewallStatusFile?: string;
  readonly queueDepth: number;
}

export const mdtestUsage = "mdtest -n N [options]";
export const mdtestExamples = [
  "mdtest -n 1000 -F -u",
  "mdtest -n 1000 -F -w 3901 -e 3901 -X -N 1",
  "mdtest -n 1000 -D",
  "mdtest -I 10 -z 3 -b 4 -L -u",
  "mdtest -n 1000000 -F -C -W 60 -x status",
];

/** @throws BenchError ERR_CONFIG naming the option, its value and what is allowed. */
export function parseMdtest(argv: readonly string[]): MdtestParams {
  const info = { command: "mdtest", usage: mdtestUsage, examples: mdtestExamples };
  const values = parseWorkload(mdtestOptions, mdtestRefused, argv, info);
  const params = readParams(values);
  for (const { option, isWrong, why } of rules) {
    if (isWrong(params, values)) throw new BenchError("ERR_CONFIG", `mdtest: ${why(params, values)}`, { option });
  }
  return params;
}

function readParams(values: OptionValues): MdtestParams {
  const flag = (name: string) => values[name] === true;
  const number = (name: string) => values[name] as number;
  const all = !["create", "stat", "read", "remove"].some(flag);
  const sharedFile = flag("shared-file");
  const both = flag("files-only") === flag("directories-only");
  const statusFile = values["stonewall-status-file"];
  return {
    create: flag("create") || all,
    stat: flag("stat") || all,
    read: flag("read") || all,
    remove: flag("remove") || all,
    files: flag("files-only") || both,
    directories: (flag("directories-only") || both) && !sharedFile,
    iterations: number("iterations"),
    preDelayS: number("pre-delay"),
    ...countItems(values),
    depth: number("depth"),
    branchFactor: number("branch-factor"),
    leafOnly: flag("leaf-only"),
    uniqueDirectory: flag("unique-dir"),
    sharedFile,
    testDirectories: (values.directory as string)
      .split("@")
      .map((path) => absolutePath(path, "mdtest: -d, --directory")),
    rankStride: number("rank-stride"),
    ...(flag("random-stat") && { randomSeed: number("random-seed") }),
    writeBytes: number("write-bytes"),
    readBytes: number("read-bytes"),
    syncFile: flag("sync-file"),
    verifyRead: flag("verify-read"),
    verifyWrite: flag("verify-write"),
    packetType: packetTypeOf(values["data-packet-type"]),
    dataSeed: number("data-seed"),
    ...(number("stonewall") > 0 && { stonewallS: number("stonewall") }),
    ...(statusFile !== undefined && { stonewallStatusFile: resolve(String(statusFile)) }),
    queueDepth: number("queue-depth"),
  };
}

/** Directories of a tree with this depth, and those of its last level. */
export function treeSize(branchFactor: number, depth: number): { directories: number; leaves: number } {
  const leaves = branchFactor ** depth;
  return { directories: branchFactor === 1 ? depth + 1 : (leaves * branchFactor - 1) / (branchFactor - 1), leaves };
}

/** mdtest's rules for -n and -I: the one makes the other, and both together make several trees. */
function countItems(values: OptionValues): Pick<MdtestParams, "items" | "itemsPerDirectory" | "trees"> {
  const { directories, leaves } = treeSize(values["branch-factor"] as number, values.depth as number);
  const holding = values["leaf-only"] === true ? leaves : directories;
  const items = values.items as number | undefined;
  const perDirectory = values["items-per-dir"] as number | undefined;
  if (items === undefined) {
    return { items: (perDirectory ?? 0) * holding, itemsPerDirectory: perDirectory ?? 0, trees: 1 };
  }
  if (perDirectory === undefined) {
    const itemsPerDirectory = Math.floor(items / holding);
    return { items: itemsPerDirectory * holding, itemsPerDirectory, trees: 1 };
  }
  return { items, itemsPerDirectory: perDirectory, trees: items / perDirectory };
}

/** Each client keeps the paths of a tree's directories. */
const directoriesMax = 2 ** 24;

interface Rule {
  readonly option: string;
  isWrong(params: MdtestParams, values: OptionValues): boolean;
  why(params: MdtestParams, values: OptionValues): string;
}

/** What may not be combined; the first that is broken is named. */
const rules: readonly Rule[] = [
  {
    option: "-n",
    isWrong: (_, values) => values.items === undefined && values["items-per-dir"] === undefined,
    why: () => "-n or -I is required: the number of items of each client, or of each client in each directory",
  },
  {
    option: "-z",
    isWrong: ({ branchFactor, depth }) => !(treeSize(branchFactor, depth).directories <= directoriesMax),
    why: ({ branchFactor, depth }) =>
      `-b ${branchFactor} -z ${depth} is a tree of more than ${directoriesMax} directories`,
  },
  {
    option: "-n",
    isWrong: ({ items }) => items === 0,
    why: (_, values) => `-n ${values.items} is less than one item for each directory of the tree`,
  },
  {
    option: "-n",
    isWrong: ({ items }) => !Number.isSafeInteger(items),
    why: () => "-I makes more items than can be counted",
  },
  {
    option: "-I",
    isWrong: ({ trees }) => !Number.isInteger(trees),
    why: (_, values) => `-n ${values.items} is no multiple of -I ${values["items-per-dir"]}`,
  },
  {
    option: "-I",
    isWrong: ({ trees, uniqueDirectory, depth }) => trees > 1 && (uniqueDirectory || depth > 0),
    why: () => "-n with -I makes -n / -I trees of one shared directory each: it excludes -u and -z",
  },
  {
    option: "-S",
    isWrong: ({ sharedFile, uniqueDirectory }) => sharedFile && uniqueDirectory,
    why: () => "-S and -u exclude each other",
  },
  {
    option: "-S",
    isWrong: ({ sharedFile, files }) => sharedFile && !files,
    why: () => "-S is about files: it excludes -D",
  },
  {
    option: "-d",
    isWrong: ({ testDirectories, uniqueDirectory }) => testDirectories.length > 1 && !uniqueDirectory,
    why: () => "-d with several paths (a@b) deals them to the clients' trees: it needs -u",
  },
  {
    option: "-N",
    isWrong: ({ testDirectories, rankStride }) => testDirectories.length > 1 && rankStride > 0,
    why: () => "-N and several paths of -d exclude each other",
  },
  {
    option: "-e",
    isWrong: ({ create, read, readBytes, writeBytes }) => create && read && readBytes > writeBytes,
    why: ({ readBytes, writeBytes }) => `-e ${readBytes} reads more than the ${writeBytes} bytes that -w writes`,
  },
  {
    option: "-X",
    isWrong: ({ verifyRead, read, readBytes }) => verifyRead && !(read && readBytes > 0),
    why: () => "-X checks what -E -e N reads, and there is nothing",
  },
  {
    option: "--verify-write",
    isWrong: ({ verifyWrite, create, writeBytes }) => verifyWrite && !(create && writeBytes > 0),
    why: () => "--verify-write checks what -C -w N writes, and there is nothing",
  },
  {
    option: "-W",
    isWrong: ({ stonewallS, depth, trees }) => stonewallS !== undefined && (depth > 0 || trees > 1),
    why: () => "-W stops in the middle of the items, so they must be in one directory: it excludes -z and -n with -I",
  },
  {
    option: "-W",
    isWrong: ({ stonewallS, create, files }) => stonewallS !== undefined && !(create && files),
    why: () => "-W stops the creation of files, and there is none",
  },
  {
    option: "-x",
    isWrong: ({ stonewallStatusFile, create, stonewallS }) =>
      stonewallStatusFile !== undefined && create && stonewallS === undefined,
    why: () => "-x with -C stores where -W stopped: it needs -W",
  },
  {
    option: "-x",
    isWrong: ({ stonewallStatusFile, depth, trees }) => stonewallStatusFile !== undefined && (depth > 0 || trees > 1),
    why: () => "-x holds one number for items in one directory: it excludes -z and -n with -I",
  },
];
