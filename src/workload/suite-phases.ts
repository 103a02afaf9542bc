import type { SuiteGroup, SuiteMeasure } from "../report/suite-score.ts";
import { type IorParams, parseIor } from "./ior-params.ts";
import { type MdtestParams, parseMdtest } from "./mdtest-params.ts";
import type { SuiteParams } from "./suite-options.ts";

/** Operations that each client did in the write phases so far, by phase: what the later phases visit. */
export type Written = ReadonlyMap<string, number>;

/** What runs in a phase: a workload with parameters, or something of the suite's own. */
interface IorActivity {
  readonly workload: "ior";
  readonly params: IorParams;
}
interface MdtestActivity {
  readonly workload: "mdtest";
  readonly params: MdtestParams;
}
export type Activity = IorActivity | MdtestActivity | { readonly workload: "timestamp" | "find" | "cleanup" };

/** A phase of the suite. */
export interface SuitePhase {
  readonly name: string;
  readonly group: SuiteGroup;
  readonly measure: SuiteMeasure;
  activity(params: SuiteParams, written: Written): Activity;
}

const easyTransferBytes = 2 * 1024 * 1024;
const easyBlockBytes = 9_920_000 * 1024 * 1024;
const hardTransferBytes = 47_008;
const hardSegments = 10_000_000;
const randomBytes = 4096;
const randomSegments = 10_000_000;
const itemsPerClient = 1_000_000;
/** Bytes of a file of mdtest-hard, by which find knows it. */
export const hardFileBytes = 3901;

export const easyFile = "ior-easy/ior_file_easy";
export const hardFile = "ior-hard/file";

/** IOR with what its phases have in common: barriers, files that stay, reading what another node wrote. */
function ior({ directory, seed }: SuiteParams, file: string, argv: readonly (string | number)[]): IorActivity {
  const common = ["-g", "-k", "-C", "-G", seed, "-o", `${directory.slice(1)}/${file}`];
  return { workload: "ior", params: parseIor([...common, ...argv].map(String)) };
}

/** Goes on until the stonewall, and then until all clients have done as much. */
function iorToStonewall(params: SuiteParams, file: string, argv: readonly (string | number)[]): Activity {
  return ior(params, file, ["-D", params.stonewallS, "-O", "stoneWallingWearOut=1", ...argv]);
}

function mdtest(params: SuiteParams, directory: string, argv: readonly (string | number)[]): MdtestActivity {
  const common = ["-F", "-N", "1", "-d", `${params.directory.slice(1)}/${directory}`];
  return { workload: "mdtest", params: parseMdtest([...common, ...argv].map(String)) };
}

function mdtestWrite(params: SuiteParams, directory: string, argv: readonly (string | number)[]): Activity {
  return mdtest(params, directory, ["-C", "-W", params.stonewallS, "-n", itemsPerClient, ...argv]);
}

/** What a phase did, or 1: a phase that visits it has to have something to do, if only to fail. */
function done(written: Written, phase: string): number {
  return Math.max(1, written.get(phase) ?? 0);
}

const easyItems = ["-u"];
const hardItems = ["-w", hardFileBytes, "-e", hardFileBytes];

/** The phases in IO500's order, with its arguments as far as they apply; reads and visits end where the writes did. */
export const suitePhases: readonly SuitePhase[] = [
  {
    name: "ior-easy-write",
    group: "bandwidth",
    measure: "bandwidth",
    activity: (params) =>
      iorToStonewall(params, easyFile, ["-w", "-e", "-F", "-t", easyTransferBytes, "-b", easyBlockBytes, "-Q", 1]),
  },
  {
    name: "mdtest-easy-write",
    group: "metadata",
    measure: "rate",
    activity: (params) => mdtestWrite(params, "mdtest-easy", easyItems),
  },
  { name: "timestamp", group: "none", measure: "none", activity: () => ({ workload: "timestamp" }) },
  {
    name: "ior-hard-write",
    group: "bandwidth",
    measure: "bandwidth",
    activity: (params) =>
      iorToStonewall(params, hardFile, [
        "-w",
        "-e",
        "-t",
        hardTransferBytes,
        "-b",
        hardTransferBytes,
        "-s",
        hardSegments,
        "-Q",
        1,
      ]),
  },
  {
    name: "mdtest-hard-write",
    group: "metadata",
    measure: "rate",
    activity: (params) => mdtestWrite(params, "mdtest-hard", hardItems),
  },
  { name: "find", group: "metadata", measure: "search", activity: () => ({ workload: "find" }) },
  {
    name: "ior-easy-read",
    group: "bandwidth",
    measure: "bandwidth",
    activity: (params, written) => {
      const blockBytes = easyTransferBytes * done(written, "ior-easy-write");
      return ior(params, easyFile, ["-R", "-F", "-t", easyTransferBytes, "-b", blockBytes, "-Q", 1]);
    },
  },
  {
    name: "mdtest-easy-stat",
    group: "metadata",
    measure: "rate",
    activity: (params, written) =>
      mdtest(params, "mdtest-easy", ["-T", "-n", done(written, "mdtest-easy-write"), ...easyItems]),
  },
  {
    name: "ior-hard-read",
    group: "bandwidth",
    measure: "bandwidth",
    activity: (params, written) => {
      const size = ["-t", hardTransferBytes, "-b", hardTransferBytes, "-s", done(written, "ior-hard-write")];
      return ior(params, hardFile, ["-R", ...size, "-Q", 1]);
    },
  },
  {
    name: "mdtest-hard-stat",
    group: "metadata",
    measure: "rate",
    activity: (params, written) =>
      mdtest(params, "mdtest-hard", ["-T", "-n", done(written, "mdtest-hard-write"), ...hardItems]),
  },
  {
    name: "mdtest-easy-delete",
    group: "metadata",
    measure: "rate",
    activity: (params, written) =>
      mdtest(params, "mdtest-easy", ["-r", "-n", done(written, "mdtest-easy-write"), ...easyItems]),
  },
  {
    name: "mdtest-hard-read",
    group: "metadata",
    measure: "rate",
    activity: (params, written) =>
      mdtest(params, "mdtest-hard", ["-E", "-X", "-n", done(written, "mdtest-hard-write"), ...hardItems]),
  },
  {
    name: "mdtest-hard-delete",
    group: "metadata",
    measure: "rate",
    activity: (params, written) =>
      mdtest(params, "mdtest-hard", ["-r", "-n", done(written, "mdtest-hard-write"), ...hardItems]),
  },
  {
    name: "ior-rnd4K-easy-read",
    group: "none",
    measure: "bandwidth",
    activity: (params, written) => {
      const bytes = easyTransferBytes * done(written, "ior-easy-write");
      const segments = Math.min(bytes / randomBytes, randomSegments);
      const size = ["-t", randomBytes, "-b", randomBytes, "-s", segments];
      return iorToStonewall(params, easyFile, ["-r", "-F", "-z", "-z", ...size, "-Q", 2]);
    },
  },
  { name: "cleanup", group: "none", measure: "none", activity: () => ({ workload: "cleanup" }) },
];
