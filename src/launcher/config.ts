import { randomBytes } from "node:crypto";
import { userInfo } from "node:os";
import { isAbsolute, resolve } from "node:path";
import { BenchError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { parseValue } from "../core/option-value.ts";
import type { OptionSpec, OptionValue } from "../core/options.ts";
import { type CommandInfo, parseOptions } from "../core/parse-options.ts";
import { readMapFile } from "../rankmap/map-file.ts";
import type { PlaceInFile, RankPolicy } from "../rankmap/policy.ts";
import type { FormatName } from "../report/format-names.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { launchedJob, launchedRank } from "./launched-rank.ts";
import { environmentName, type JobOption, jobOptions } from "./options.ts";
import { joinLine, readWorkloads, splitLine, type WorkloadParser, type WorkloadRun } from "./workload-line.ts";

/** Where a value comes from; an earlier one wins over a later one. */
export type Source = "command line" | "environment" | "config file" | "default";

/** Everything that a run needs to know, checked. Plain JSON: one rank makes it for all. */
export interface RunConfig extends RankPolicy {
  /** UTC time and chance, "20260131T235959Z-3fa9c1": names the run in results and folders. */
  readonly runId: string;
  /** What the user typed, for the result rows. */
  readonly commandLine: string;
  /** Ranks asked for; undefined: as many as the launcher starts. */
  readonly ranks?: number;
  /** Absolute. */
  readonly resultsPath: string;
  readonly quiet: boolean;
  readonly timeline: boolean;
  readonly format?: FormatName;
  readonly target: { readonly kind: "benchfs" } | { readonly kind: "posix"; readonly path: string };
  /** Absolute, at least one; dealt to the servers of a node. */
  readonly storagePaths: readonly string[];
  readonly durability: "memory" | "pagecache" | "device";
  readonly keepStorage: boolean;
  /** Chunk buffers of a server. */
  readonly chunkBuffers: number;
  /** Payload memory of a client. */
  readonly clientBufferBytes: number;
  readonly window: number;
  readonly rpcTimeoutMs: number;
  readonly spinUs: number | "auto";
  readonly yieldUs: number | "auto";
  readonly sliceUs: number | "auto";
  /** At least one, in the order in which they run. */
  readonly workloads: readonly WorkloadRun[];
  /** Each option as it was resolved, for the record; options without a value are left out. */
  readonly settings: readonly { readonly option: string; readonly value: OptionValue; readonly source: Source }[];
  readonly workloadsSource: Source;
}

/** What runs when nobody says what: large transfers and small files, both verified, a few seconds each. */
export const defaultWorkloads = ["ior -w -W -r -R -F -t 1m -b 128m", "mdtest -F -C -T -r -n 1000"];

/** Variables of our prefix that are no options. */
const internalVariables = ["BENCHFS_SUPERVISED"];

export const runInfo: CommandInfo = {
  command: "run",
  usage: "[mpirun -n RANKS] node . run [options] [workload] [workload options]",
  examples: [
    "node . run                                       a short verified run: 2 servers, 2 clients on this host",
    "mpirun -n 8 node . run ior -w -r -t 4m -b 1g -F  one file per client, 4 MiB transfers",
    "mpirun -n 8 node . run --servers-per-node 2 --storage /nvme0/me,/nvme1/me mdtest -n 1000",
    "mpirun -n 64 node . run --dedicated-servers 2 --durability device --config job.toml",
    "mpirun -n 8 node . run --target posix:/scratch/me ior -w -r -t 4m -b 1g -F   the same on a plain directory",
    "node . run ior --help                            the options of a workload",
  ],
};

/** A command that is configured as a run is. */
export interface JobCommand {
  readonly info: CommandInfo;
  /** Options of its own, which only the command line has. */
  readonly options: readonly OptionSpec[];
}

const runCommand: JobCommand = { info: runInfo, options: [] };

export interface ConfigInput {
  /** What follows the command. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workloads: Readonly<Record<string, WorkloadParser>>;
  /** `run`, if absent. */
  readonly command?: JobCommand;
}

/**
 * Makes one configuration of the command line, `BENCHFS_*` variables, the file of `--config` and the defaults.
 * Reads that file and the one of `--rank-map`, otherwise touches nothing.
 * @throws BenchError ERR_CONFIG naming the option, where it was given, its value and what is allowed.
 */
export function makeConfig({ argv, environment, workloads, command = runCommand }: ConfigInput): RunConfig {
  const { settings, lines, workloadsSource } = readSources(argv, environment, command);
  const value = (option: JobOption): OptionValue | undefined => settings.get(option)?.value;
  const number = (option: JobOption): number | undefined => value(option) as number | undefined;
  const runId = makeRunId(new Date());
  const mapFile = readPlaces(settings);
  return {
    runId,
    commandLine: joinLine(["benchfs", command.info.command, ...argv]),
    ...optional("ranks", number("ranks")),
    ...optional("serversPerNode", number("servers-per-node")),
    ...optional("clientsPerNode", number("clients-per-node")),
    ...optional("clientsPerServer", number("clients-per-server")),
    ...optional("dedicatedServers", number("dedicated-servers")),
    ...(mapFile !== undefined && { mapFile }),
    bind: value("bind") as RunConfig["bind"],
    order: value("order") as RunConfig["order"],
    near: value("near") as RunConfig["near"],
    smt: value("smt") as RunConfig["smt"],
    systemCores: number("system-cores")!,
    resultsPath: resolve(String(value("out") ?? `results/${runId}`)),
    quiet: value("quiet") as boolean,
    timeline: value("timeline") as boolean,
    ...(value("format") !== undefined && { format: value("format") as FormatName }),
    target: readTarget(String(value("target"))),
    storagePaths: storagePaths(settings, environment),
    durability: value("durability") as RunConfig["durability"],
    keepStorage: value("keep") as boolean,
    chunkBuffers: number("chunk-buffers")!,
    clientBufferBytes: number("client-buffers")!,
    window: number("window")!,
    rpcTimeoutMs: Math.round(number("rpc-timeout")! * 1000),
    spinUs: value("spin-us") as number | "auto",
    yieldUs: value("yield-us") as number | "auto",
    sliceUs: value("slice-us") as number | "auto",
    workloads: lines.flatMap((words) => readWorkloads(words, workloads)),
    settings: [...settings].map(([option, { value, source }]) => ({ option, value, source })),
    workloadsSource,
  };
}

/**
 * Where the servers of a run store, whether that stays, and whether the path is this job's own: what there is to
 * know when a rank died.
 * @throws BenchError ERR_CONFIG as `makeConfig`.
 */
export function readStorage(
  argv: ConfigInput["argv"],
  environment: ConfigInput["environment"],
): Pick<RunConfig, "storagePaths" | "keepStorage"> & { isDefault: boolean } {
  const { settings } = readSources(argv, environment, runCommand);
  return {
    isDefault: !settings.has("storage"),
    storagePaths: storagePaths(settings, environment),
    keepStorage: settings.get("keep")!.value as boolean,
  };
}

interface Sources {
  readonly settings: ReadonlyMap<string, Setting>;
  /** The words of each workload. */
  readonly lines: readonly (readonly string[])[];
  readonly workloadsSource: Source;
}

function readSources(
  argv: ConfigInput["argv"],
  environment: ConfigInput["environment"],
  { info, options }: JobCommand,
): Sources {
  const { values: typed, given, rest } = parseOptions([...jobOptions, ...options], argv, info);
  const started = launchedRank(environment)?.ranks;
  if (given.has("ranks") && started !== undefined && typed.ranks !== started) {
    const message = `-n, --ranks: ${typed.ranks} given, but the launcher started ${started} ranks`;
    throw new BenchError("ERR_CONFIG", message, { option: "ranks" });
  }
  const variables = readVariables(environment);
  const configPath = given.has("config") ? typed.config : variables.get("config");
  const file: ConfigFile =
    configPath === undefined
      ? { options: new Map(), workloads: undefined }
      : readConfigFile(resolve(String(configPath)), fileOptions);
  const settings = merge(new Map([...given].map((name) => [name, typed[name]!])), variables, file.options);
  if (rest.length > 0) return { settings, lines: [rest], workloadsSource: "command line" };
  if (file.workloads !== undefined) return { settings, lines: file.workloads, workloadsSource: "config file" };
  return { settings, lines: defaultWorkloads.map(splitLine), workloadsSource: "default" };
}

/** A file that names another file would hide where a value comes from. */
export const fileOptions = jobOptions.filter(({ name }) => name !== "config");

function optional<K extends string>(key: K, value: number | undefined): { [key in K]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: number });
}

function readVariables(environment: ConfigInput["environment"]): Map<string, OptionValue> {
  const options = new Map(jobOptions.map((spec) => [environmentName(spec.name), spec]));
  const values = new Map<string, OptionValue>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("BENCHFS_") || internalVariables.includes(name) || value === undefined) continue;
    const spec = options.get(name);
    if (spec === undefined) {
      const hint = didYouMean(name, [...options.keys()]);
      throw new BenchError("ERR_CONFIG", `unknown environment variable ${name}${hint}`, { option: name });
    }
    values.set(spec.name, parseValue(spec, value, name));
  }
  return values;
}

type Setting = { readonly value: OptionValue; readonly source: Source };

/** The strongest source of each option, in the order of the table. */
function merge(
  commandLine: ReadonlyMap<string, OptionValue>,
  environment: ReadonlyMap<string, OptionValue>,
  file: ReadonlyMap<string, OptionValue>,
): Map<string, Setting> {
  const sources: [Source, ReadonlyMap<string, OptionValue>][] = [
    ["command line", commandLine],
    ["environment", environment],
    ["config file", file],
    ["default", new Map(jobOptions.flatMap((spec) => ("default" in spec ? [[spec.name, spec.default]] : [])))],
  ];
  const settings = new Map<string, Setting>();
  for (const { name } of jobOptions) {
    const source = sources.find(([, values]) => values.has(name));
    if (source !== undefined) settings.set(name, { value: source[1].get(name)!, source: source[0] });
  }
  keepStrongest(
    settings,
    sources.map(([source]) => source),
  );
  return settings;
}

/** Ways to say who serves; each excludes the others. */
const roleOptions: readonly (readonly JobOption[])[] = [
  ["servers-per-node", "clients-per-node"],
  ["clients-per-server"],
  ["dedicated-servers"],
  ["rank-map"],
];

/** Of the ways to say who serves, the one from the strongest source holds; from one source, two are an error. */
function keepStrongest(settings: Map<string, Setting>, sources: readonly Source[]): void {
  const strength = (option: string) => sources.indexOf(settings.get(option)!.source);
  const given = roleOptions
    .map((way) => way.filter((option) => settings.has(option)))
    .filter((way) => way.length > 0)
    .map((way) => ({ way, strength: Math.min(...way.map(strength)) }))
    .sort((a, b) => a.strength - b.strength);
  const [first, second] = given;
  if (second !== undefined && first!.strength === second.strength) {
    const [one, other] = [first!, second].map(({ way }) => `--${way[0]} ${settings.get(way[0]!)!.value}`);
    throw new BenchError("ERR_CONFIG", `${one} and ${other} exclude each other`, { option: first!.way[0]! });
  }
  for (const option of given.slice(1).flatMap(({ way }) => way)) settings.delete(option);
}

/** Folders in a map file count only beside `--storage`: the default one has another name in every job. */
function readPlaces(settings: Sources["settings"]): PlaceInFile[] | undefined {
  const path = settings.get("rank-map")?.value;
  if (path === undefined) return undefined;
  const places = readMapFile(resolve(String(path)));
  if (settings.get("bind")!.value === "none" && places.some(({ cpus }) => cpus !== undefined)) {
    const message = `--bind none, but --rank-map ${path} has CPUs to bind to: leave that column out, or take --bind auto`;
    throw new BenchError("ERR_CONFIG", message, { option: "bind" });
  }
  return settings.has("storage") ? places : places.map(({ storagePath, ...place }) => place);
}

function readTarget(text: string): RunConfig["target"] {
  if (text === "benchfs") return { kind: "benchfs" };
  const path = text.startsWith("posix:") ? text.slice("posix:".length) : "";
  if (isAbsolute(path)) return { kind: "posix", path };
  const allowed = "benchfs, or posix: and an absolute path (posix:/scratch/me)";
  throw new BenchError("ERR_CONFIG", `--target: "${text}" given, but it takes ${allowed}`, { option: "target" });
}

function storagePaths(settings: Sources["settings"], environment: ConfigInput["environment"]): string[] {
  const text = String(settings.get("storage")?.value ?? defaultStorage(environment));
  const paths = text.split(",").map((path) => path.trim());
  if (paths.includes("")) {
    throw new BenchError("ERR_CONFIG", `--storage: "${text}" has an empty path`, { option: "storage" });
  }
  const absolute = paths.map((path) => resolve(path));
  if (new Set(absolute).size === absolute.length) return absolute;
  throw new BenchError("ERR_CONFIG", `--storage: "${text}" names a path twice`, { option: "storage" });
}

/** User and job are in the name because /tmp is everybody's, and two jobs may share a node. */
function defaultStorage(environment: ConfigInput["environment"]): string {
  let user: string;
  try {
    user = userInfo().username;
  } catch {
    user = String(process.getuid?.() ?? "user"); // Containers run under ids that no user has.
  }
  return `${environment.TMPDIR || "/tmp"}/${["benchfs", user, launchedJob(environment)].filter(Boolean).join("-")}`;
}

function makeRunId(now: Date): string {
  const seconds = now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `${seconds}-${randomBytes(3).toString("hex")}`;
}
