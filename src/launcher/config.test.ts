import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BenchError } from "../core/errors.ts";
import { parseOptions } from "../core/parse-options.ts";
import { MiB } from "../core/units.ts";
import { defaultWorkloads, makeConfig, type RunConfig } from "./config.ts";
import { configRecord } from "./config-record.ts";
import { joinLine, splitLine } from "./workload-line.ts";

const folder = mkdtempSync(join(tmpdir(), "benchfs-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "job.toml");
  writeFileSync(path, text);
  return path;
}

/** Workloads that take any option, so that the tests see the words that reach them. */
const workloads = Object.fromEntries(
  ["ior", "mdtest"].map((name) => [
    name,
    {
      name,
      parse: (argv: readonly string[]) => {
        if (argv.includes("--bogus")) parseOptions([], argv, { command: name, usage: name });
        return { words: argv.length };
      },
    },
  ]),
);

function make(argv: string, environment: Record<string, string> = {}): RunConfig {
  return makeConfig({ argv: splitLine(argv), environment, workloads });
}

function failure(argv: string, environment: Record<string, string> = {}): string {
  try {
    make(argv, environment);
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    expect((error as BenchError).code).toBe("ERR_CONFIG");
    return (error as BenchError).message;
  }
  throw new Error(`accepted: ${argv}`);
}

const source = (config: RunConfig, option: string) => config.settings.find((setting) => setting.option === option);

describe("makeConfig", () => {
  it("runs the default workloads on benchfs with nothing given", () => {
    const config = make("", { TMPDIR: "/var/tmp" });
    expect(config).toMatchObject({
      bind: "auto",
      target: { kind: "benchfs" },
      durability: "pagecache",
      keepStorage: false,
      chunkBuffers: 16,
      clientBufferBytes: 64 * MiB,
      window: 8,
      rpcTimeoutMs: 60_000,
      spinUs: "auto",
      workloadsSource: "default",
    });
    expect(config.workloads.map(({ name, argv }) => joinLine([name, ...argv]))).toEqual(defaultWorkloads);
    expect(config.storagePaths).toHaveLength(1);
    expect(config.storagePaths[0]).toMatch(/^\/var\/tmp\/benchfs-./);
    expect(config.resultsPath).toBe(join(process.cwd(), "results", config.runId));
    expect(config.runId).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    expect(config).not.toHaveProperty("serversPerNode");
  });

  it("is plain JSON", () => {
    const config = make("--servers-per-node 2 ior -w");
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  });

  it("takes the command line before the environment before the file before the default", () => {
    const path = file('window = 2\nchunk-buffers = 2\nrpc-timeout = 2.5\nclient-buffers = "8m"\n');
    const environment = { BENCHFS_CONFIG: path, BENCHFS_WINDOW: "3", BENCHFS_CHUNK_BUFFERS: "3" };
    const config = make("--window 4", environment);
    expect(config).toMatchObject({ window: 4, chunkBuffers: 3, rpcTimeoutMs: 2500, clientBufferBytes: 8 * MiB });
    expect(source(config, "window")).toEqual({ option: "window", value: 4, source: "command line" });
    expect(source(config, "chunk-buffers")).toEqual({ option: "chunk-buffers", value: 3, source: "environment" });
    expect(source(config, "rpc-timeout")).toEqual({ option: "rpc-timeout", value: 2.5, source: "config file" });
    expect(source(config, "durability")).toEqual({ option: "durability", value: "pagecache", source: "default" });
  });

  it("gives everything behind the workload's name to the workload", () => {
    const config = make("--window 4 ior -w --window 5 -t4m");
    expect(config.window).toBe(4);
    expect(config.workloads).toEqual([{ name: "ior", argv: ["-w", "--window", "5", "-t4m"], params: { words: 4 } }]);
  });

  it("runs the workloads of the file unless the command line names one", () => {
    const path = file(`workloads = ["ior -w -o '/my file'", "mdtest -n 100"]`);
    expect(make(`--config ${path}`).workloads.map(({ argv }) => argv)).toEqual([
      ["-w", "-o", "/my file"],
      ["-n", "100"],
    ]);
    expect(make(`--config ${path} ior -r`).workloads.map(({ argv }) => argv)).toEqual([["-r"]]);
  });

  it("lets the stronger of two options that exclude each other hold", () => {
    const config = make("--dedicated-servers 1", { BENCHFS_SERVERS_PER_NODE: "2" });
    expect(config.dedicatedServers).toBe(1);
    expect(config).not.toHaveProperty("serversPerNode");
    expect(failure("--dedicated-servers 1 --servers-per-node 2")).toBe(
      "--servers-per-node 2 and --dedicated-servers 1 exclude each other",
    );
  });

  it("takes servers and clients per node together, and every other pair of ways to say who serves for an error", () => {
    expect(make("--servers-per-node 2 --clients-per-node 3")).toMatchObject({ serversPerNode: 2, clientsPerNode: 3 });
    expect(failure("--clients-per-node 1 --clients-per-server 2")).toBe(
      "--clients-per-node 1 and --clients-per-server 2 exclude each other",
    );
    const weaker = { BENCHFS_SERVERS_PER_NODE: "2", BENCHFS_CLIENTS_PER_NODE: "3" };
    const config = make("--clients-per-server 4", weaker);
    expect(config.clientsPerServer).toBe(4);
    expect(config).not.toHaveProperty("clientsPerNode");
  });

  it("reads the map file", () => {
    const path = join(folder, "map.csv");
    writeFileSync(path, "rank,role\n0,server\n1,client\n");
    expect(make(`--rank-map ${path}`).mapFile).toEqual([{ role: "server" }, { role: "client" }]);
    expect(failure(`--rank-map ${path}.none`)).toContain("--rank-map: cannot read");
    writeFileSync(path, "rank,role,cpus\n0,server,0\n1,client,1\n");
    expect(failure(`--bind none --rank-map ${path}`)).toContain("leave that column out, or take --bind auto");
  });

  it("splits storage paths and makes them absolute", () => {
    expect(make("--storage /a,b").storagePaths).toEqual(["/a", join(process.cwd(), "b")]);
    expect(failure("--storage /a,,b")).toContain("empty path");
    expect(failure("--storage /a,/a/")).toContain("names a path twice");
  });

  it("gives each job a storage path of its own, the same on all of its ranks", () => {
    const job = { TMPDIR: "/var/tmp", OMPI_COMM_WORLD_RANK: "1", PMIX_NAMESPACE: "prterun-h1-77@1" };
    const { storagePaths } = make("", job);
    expect(storagePaths[0]).toMatch(/^\/var\/tmp\/benchfs-.+-prterun-h1-77_1$/);
    expect(make("", { ...job, OMPI_COMM_WORLD_RANK: "2" }).storagePaths).toEqual(storagePaths);
  });

  it("reads targets", () => {
    expect(make("--target posix:/scratch").target).toEqual({ kind: "posix", path: "/scratch" });
    expect(failure("--target posix:scratch")).toContain('--target: "posix:scratch" given, but it takes benchfs, or');
  });

  it("refuses a count of ranks that is not the launcher's", () => {
    const environment = { OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "4" };
    expect(make("-n 4", environment).ranks).toBe(4);
    expect(failure("-n 8", environment)).toBe("-n, --ranks: 8 given, but the launcher started 4 ranks");
  });

  it.each([
    ["--windw 3", {}, "run: unknown option --windw (did you mean --window?)"],
    ["--window 0", {}, 'run: --window: "0" given, but it takes a whole number from 1 to 1024'],
    ["iro -w", {}, 'unknown workload "iro" (did you mean ior?); there are ior, mdtest'],
    ["constructor", {}, 'unknown workload "constructor"; there are ior, mdtest'],
    ["ior --bogus", {}, "ior: unknown option --bogus"],
    ["", { BENCHFS_WINDW: "3" }, "unknown environment variable BENCHFS_WINDW (did you mean BENCHFS_WINDOW?)"],
    ["", { BENCHFS_KEEP: "maybe" }, 'BENCHFS_KEEP: "maybe" given, but it takes true or false'],
  ])("refuses %j with %j", (argv, environment, message) => {
    expect(failure(argv, environment as Record<string, string>)).toBe(message);
  });

  it.each([
    ["windw = 3", "unknown key windw (did you mean window?)"],
    ['window = "many"', 'window: "many" given'],
    ["window = true", "window: true given, but it takes a whole number from 1 to 1024"],
    ["window = 2.5", "window: 2.5 given"],
    ["keep = 1", "keep: 1 given, but it takes true or false"],
    ['config = "other.toml"', "unknown key config"],
    ['workloads = "ior -w"', "workloads must be a list of command lines"],
    [`workloads = ["ior -o 'x"]`, "a quote is not closed"],
    ["window = ", "cannot read the configuration file"],
  ])("refuses a file with %j", (text, message) => {
    expect(failure(`--config ${file(text)}`)).toContain(message);
  });

  it("says which file is missing", () => {
    expect(failure("--config /nowhere/job.toml")).toContain("cannot read the configuration file /nowhere/job.toml");
  });
});

describe("configRecord", () => {
  it("repeats the run as its configuration file", () => {
    const config = make("--window 4 --client-buffers 8m --quiet --out elsewhere ior -w -o '/my file'");
    const text = configRecord(config);
    expect(text).toContain("window = 4 # command line");
    expect(text).toContain('client-buffers = "8MiB" # command line');
    expect(text).toContain('durability = "pagecache" # default');
    const again = make(`--config ${file(text)}`);
    const { runId, commandLine, resultsPath, settings, workloadsSource, ...same } = config;
    expect(again).toMatchObject(same);
    expect(again.resultsPath).not.toBe(resultsPath);
  });

  it("stays a comment whatever the command line holds", () => {
    const text = configRecord(makeConfig({ argv: ["ior", "a\nwindow = 9"], environment: {}, workloads }));
    expect(make(`--config ${file(text)} ior`).window).toBe(8);
  });
});
