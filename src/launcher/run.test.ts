import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../dist/launcher/main.js", import.meta.url));
const nowhere = join(tmpdir(), `benchfs-run-test-${process.pid}`);

function start(command: string, words: readonly string[]): { status: number | null; output: string; errors: string } {
  const environment = {
    ...process.env,
    OMPI_MCA_btl_tcp_if_include: "lo",
    OMPI_MCA_oob_tcp_if_include: "lo",
    OMPI_ALLOW_RUN_AS_ROOT: "1",
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  };
  const { status, stdout, stderr } = spawnSync(command, words, {
    env: environment,
    encoding: "utf8",
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  return { status, output: stdout, errors: stderr };
}

const alone = (...words: string[]) => start(process.execPath, [main, ...words]);
const underMpirun = (...words: string[]) =>
  start("mpirun", ["--quiet", "--oversubscribe", "--bind-to", "none", "-n", "3", process.execPath, main, ...words]);

describe("without a launcher", () => {
  it.each([
    [["rnu"], 'benchfs: unknown command "rnu" (did you mean run?); see node . --help\n'],
    [["run", "--windw", "3"], "benchfs: run: unknown option --windw (did you mean --window?)\n"],
    [["run", "iro"], 'benchfs: unknown workload "iro" (did you mean ior?); there are ior, mdtest, rpc, suite\n'],
  ])("refuses %j before it starts anything", (words, message) => {
    expect(alone(...words)).toEqual({ status: 2, output: "", errors: message });
  });

  it.each([
    [["--help"], /^BenchFS: .*Usage: .*Commands:\n {2}run /s],
    [["--version"], /^benchfs \d+\.\d+\.\d+ \(build [0-9a-f]{12}, Node v\d+/],
    [["run", "--help"], /--servers-per-node.*Workloads.*mdtest.*Examples:.*BENCHFS_SERVERS_PER_NODE.*Exit status:\n/s],
    [["run", "-n", "4", "ior", "-h"], /^Usage: node \. run \[job options\] ior.*-t, --transfer-size/s],
  ])("teaches with %j", (words, text) => {
    const { status, output, errors } = alone(...words);
    expect(output).toMatch(text);
    expect(errors).toBe("");
    expect(status).toBe(0);
  });
});

describe("under mpirun", { timeout: 40_000 }, () => {
  it("says once what is wrong, and ends with status 2", () => {
    const { status, output, errors } = underMpirun("run", "--out", nowhere, "--window", "many");
    expect(errors.match(/benchfs/g)).toHaveLength(1);
    expect(errors).toMatch(/^benchfs: .*--window: "many" given, but it takes a whole number from 1 to 1024$/m);
    expect(output).toBe("");
    expect(status).toBe(2);
    expect(existsSync(nowhere)).toBe(false);
  });

  it("says once what the rank map does not allow", () => {
    const { status, errors } = underMpirun("run", "--out", nowhere, "--servers-per-node", "3");
    expect(errors.match(/benchfs/g)).toHaveLength(1);
    expect(errors).toContain("3 ranks on 1 node make 3 servers and no client: start more ranks or fewer servers");
    expect(status).toBe(2);
    expect(existsSync(nowhere)).toBe(false);
  });

  it("shows help once", () => {
    const { status, output } = underMpirun("run", "--help");
    expect(output.match(/Usage:/g)).toHaveLength(1);
    expect(status).toBe(0);
  });
});
