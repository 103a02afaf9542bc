import { BenchError } from "../core/errors.ts";
import type { OptionSpec } from "../core/options.ts";
import { MiB } from "../core/units.ts";
import { absolutePath, parseWorkload, queueDepthOption } from "./common-options.ts";

export interface MdtestParams {
  readonly items: number;
  readonly files: boolean;
  readonly directories: boolean;
  readonly create: boolean;
  readonly stat: boolean;
  readonly read: boolean;
  readonly remove: boolean;
  readonly testDirectory: string;
  readonly uniqueDirectory: boolean;
  readonly iterations: number;
  readonly writeBytes: number;
  readonly readBytes: number;
  readonly rankStride: number;
  readonly syncFile: boolean;
  readonly verifyRead: boolean;
  readonly queueDepth: number;
  /** With wear-out. */
  readonly stonewallS?: number;
}

export const mdtestOptions: readonly OptionSpec[] = [
  { name: "items", letter: "n", type: "integer", min: 1, about: "Files, and directories, of each client; required." },
  { name: "files-only", letter: "F", type: "boolean", about: "No directories.", default: false },
  { name: "directories-only", letter: "D", type: "boolean", about: "No files.", default: false },
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
  { name: "directory", letter: "d", type: "string", about: "Where to work; made if it is missing.", default: "out" },
  {
    name: "unique-dir",
    letter: "u",
    type: "boolean",
    about: "A directory for each client, not a shared one.",
    default: false,
  },
  { name: "iterations", letter: "i", type: "integer", min: 1, about: "Iterations.", default: 1 },
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
  {
    name: "rank-stride",
    letter: "N",
    type: "integer",
    min: 0,
    about: "Stat the items of the client N further, read those of 2 N, remove those of 3 N; defeats client caches.",
    default: 0,
  },
  { name: "sync-file", letter: "y", type: "boolean", about: "fsync each file after writing it.", default: false },
  { name: "verify-read", letter: "X", type: "boolean", about: "Check every byte that -E reads.", default: false },
  queueDepthOption,
];

const refused: Readonly<Record<string, string>> = {
  "-a": "the file system under test is chosen by --target of the run",
  "-b": "the tree is one directory, or one for each client with -u",
  "-B": "there are always barriers between phases",
  "-c": "in a shared directory the first client makes the tree anyway",
  "-f": "choose the number of clients with the ranks of the run",
  "-G": "the data differ in every file and iteration",
  "-I": "use -n; the tree is one directory, or one for each client with -u",
  "-k": "there is no mknod",
  "-l": "choose the number of clients with the ranks of the run",
  "-L": "the tree has no inner directories: items are always in leaves",
  "-p": "delays between phases would only hide what is still in caches",
  "-P": "rows have rates and times",
  "-R": "items are visited in the order of their creation",
  "-s": "choose the number of clients with the ranks of the run",
  "-S": "for a shared file use ior",
  "-t": "making the tree is always a row of its own",
  "-U": "directories are not renamed",
  "-v": "details are in ranks.csv",
  "-V": "details are in ranks.csv",
  "-W": "all items are made; choose their number with -n",
  "-x": "there is no stonewall",
  "-Y": "use -y, or the durability class of the run",
  "-z": "the tree is one directory, or one for each client with -u",
  "-Z": "rows have rates and times",
};

export const mdtestUsage = "mdtest -n N [options]";
export const mdtestExamples = [
  "mdtest -n 1000 -F -u",
  "mdtest -n 1000 -F -w 3901 -e 3901 -X -N 1",
  "mdtest -n 1000 -D",
];

/** @throws BenchError ERR_CONFIG. */
export function parseMdtest(argv: readonly string[]): MdtestParams {
  const info = { command: "mdtest", usage: mdtestUsage, examples: mdtestExamples };
  const values = parseWorkload(mdtestOptions, refused, argv, info);
  const flag = (name: string) => values[name] === true;
  const number = (name: string) => values[name] as number;
  const all = !["create", "stat", "read", "remove"].some(flag);
  if (values.items === undefined) {
    throw new BenchError("ERR_CONFIG", "mdtest: -n is required: the number of items of each client", { option: "-n" });
  }
  const both = flag("files-only") === flag("directories-only");
  const params: MdtestParams = {
    items: number("items"),
    files: flag("files-only") || both,
    directories: flag("directories-only") || both,
    create: flag("create") || all,
    stat: flag("stat") || all,
    read: flag("read") || all,
    remove: flag("remove") || all,
    testDirectory: absolutePath(values.directory as string, "mdtest: -d, --directory"),
    uniqueDirectory: flag("unique-dir"),
    iterations: number("iterations"),
    writeBytes: number("write-bytes"),
    readBytes: number("read-bytes"),
    rankStride: number("rank-stride"),
    syncFile: flag("sync-file"),
    verifyRead: flag("verify-read"),
    queueDepth: number("queue-depth"),
  };
  if (params.create && params.read && params.readBytes > params.writeBytes) {
    const message = `mdtest: -e ${params.readBytes} reads more than the ${params.writeBytes} bytes that -w writes`;
    throw new BenchError("ERR_CONFIG", message, { option: "-e" });
  }
  return params;
}
