import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as mpi from "../index.js";

// MPI is initialized once in a process and its launcher kills what misbehaves: each test is a job of its own.
const timeoutMs = 60_000;
const program = (name: string) => fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));

// The tests may themselves run inside a job: its variables must not reach the jobs that they start.
const outsideOfJobs = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(SLURM|PBS|PMI|PMIX|OMPI|PRTE)_/.test(name)),
);

function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(command, args, {
    encoding: "utf8",
    timeout: timeoutMs,
    env: {
      ...outsideOfJobs,
      OMPI_MCA_btl_tcp_if_include: "lo",
      OMPI_MCA_oob_tcp_if_include: "lo",
      FORCE_COLOR: "0",
      ...env,
    },
  });
}

const index = new URL("../index.js", import.meta.url).href;
const words = (ranks: number) => ["--oversubscribe", "--allow-run-as-root", "-n", String(ranks)];
const mpirun = (ranks: number, name: string) => run("mpirun", [...words(ranks), process.execPath, program(name)]);

describe("node-mpi", { timeout: timeoutMs }, () => {
  it.each([1, 2, 4])("runs every collective on %i ranks", (ranks) => {
    const job = mpirun(ranks, "collectives");
    expect(job.stderr).toBe("");
    expect(job.status).toBe(0);
    expect(JSON.parse(job.stdout)).toEqual(Array.from({ length: ranks }, (_, rank) => ({ rank, launcher: ranks })));
  });

  it.each([1, 2, 4])("carries messages between %i ranks", (ranks) => {
    const job = mpirun(ranks, "messages");
    expect(job.stderr).toBe("");
    expect(job.status).toBe(0);
    expect(job.stdout).toBe("done\n");
  });

  it("aborts the whole job with the status that it was given", () => {
    expect(mpirun(2, "abort").status).toBe(42);
  });

  it("is a job of one without a launcher", () => {
    const job = run(process.execPath, [program("singleton")]);
    expect(job.stderr).toBe("");
    expect(job.status).toBe(0);
    expect(JSON.parse(job.stdout)).toEqual({ launcher: null });
  });

  it("refuses to be one of many jobs of one, which the launcher of another MPI makes", () => {
    const job = run(process.execPath, [program("singleton")], { SLURM_NTASKS: "7", SLURM_STEP_NUM_TASKS: "3" });
    expect(job.stderr).toMatch(
      /launcher started 3 processes, but MPI sees a job of 1: .* Build it again with the mpicc/,
    );
    expect(job.stderr).toContain("ERR_MPI_LAUNCHER");
    expect(job.status).toBe(1);
  });

  it("runs the README's example", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const example = /```js\n(.*?)```/s.exec(readme)![1]!.replace(`"node-mpi"`, JSON.stringify(index));
    const job = run("mpirun", [...words(2), process.execPath, "--input-type=module", "--eval", example]);
    expect(job.stderr).toBe("");
    expect(job.stdout).toMatch(/^2 ranks, up to 2 on a host; process \d+\n$/);
  });

  it("names the library before init", () => {
    expect(mpi.libraryVersion()).toMatch(/MPI|MPICH/);
  });

  it("declares exactly what it exports", () => {
    const declaration = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
    const declared = [...declaration.matchAll(/^export declare (?:function|class|const) (\w+)/gm)].map(
      (match) => match[1],
    );
    expect(Object.keys(mpi).sort()).toEqual(declared.sort());

    const body = declaration.slice(declaration.indexOf("export declare class Communicator"));
    const methods = [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1]);
    const prototype = Object.getOwnPropertyNames(mpi.Communicator.prototype);
    expect(prototype.filter((name) => name !== "constructor").sort()).toEqual(methods.sort());
  });
});
