import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

// The supervisor and Open MPI are the real ones; only the rank is a small program that keeps its contract.

const program = (name: string) => fileURLToPath(new URL(`./test-programs/${name}`, import.meta.url));
const environment = {
  ...process.env,
  OMPI_MCA_btl_tcp_if_include: "lo",
  OMPI_MCA_oob_tcp_if_include: "lo",
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
};

let folder: string;
let started: Started[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "benchfs-supervisor-"));
  started = [];
});
afterEach(() => {
  for (const { child } of started) child.kill("SIGKILL");
  for (const pid of pids()) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  rmSync(folder, { recursive: true });
});

interface Started {
  readonly child: ChildProcess;
  output(): string;
  readonly status: Promise<number | string>;
}

function start(command: string, words: readonly string[]): Started {
  const child = spawn(command, words, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += bytes));
  const status = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal!));
  });
  const one = { child, output: () => text, status };
  started.push(one);
  return one;
}

function startJob(ranks: number, ...words: string[]): Started {
  const launcher = ["--oversubscribe", "--bind-to", "none", "-n", String(ranks), process.execPath];
  return start("mpirun", [...launcher, program("supervised.mjs"), "./rank-over-mpi.mjs", folder, ...words]);
}

async function until(what: string, condition: () => boolean, deadlineMs = 20_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const text = (name: string) => readFileSync(join(folder, name), "utf8");
const files = (prefix: string) => readdirSync(folder).filter((name) => name.startsWith(prefix));
const pids = () => files("pid-").map((name) => Number(text(name)));
const ended = () => Object.fromEntries(files("ended-").map((name) => [name, text(name)]));

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

async function jobUp(ranks: number): Promise<void> {
  await until("all ranks", () => files("up-").length === ranks);
}

describe("a job of supervised ranks under mpirun", { timeout: 40_000 }, () => {
  it("ends with the lead's status when all is well", async () => {
    const job = startJob(3);
    await jobUp(3);
    writeFileSync(join(folder, "finish"), "");
    expect(await job.status).toBe(0);
    expect(job.output()).toBe("");
    expect(ended()).toEqual({ "ended-0": "finished", "ended-1": "followed", "ended-2": "followed" });
  });

  it("outlives a killed rank until the lead has ended the run, and reports the lead's status", async () => {
    const job = startJob(4);
    await jobUp(4);
    process.kill(Number(text("pid-2")), "SIGKILL");
    expect(await job.status).toBe(4);
    expect(job.output()).toMatch(/^benchfs: rank 2 \(\S+\) died: SIGKILL$/m);
    expect(job.output()).not.toMatch(/rank [013] /);
    // The lead ended by itself a second later: nobody had torn it down. Followers may be asked to end by then.
    expect(text("ended-0")).toBe("a rank is gone");
    expect(Object.keys(ended())).toEqual(["ended-0", "ended-1", "ended-3"]);
    expect(pids().filter(isAlive)).toEqual([]);
  });

  it("ends with status 4 when the lead itself is killed", async () => {
    const job = startJob(3);
    await jobUp(3);
    process.kill(Number(text("pid-0")), "SIGKILL");
    expect(await job.status).toBe(4);
    expect(job.output()).toMatch(/^benchfs: rank 0 \(\S+\) died: SIGKILL$/m);
    expect(Object.values(ended())).toContain("lead is gone");
    expect(pids().filter(isAlive)).toEqual([]);
  });

  it("ends all ranks when mpirun is killed", async () => {
    const job = startJob(3);
    await jobUp(3);
    job.child.kill("SIGKILL");
    await until("the ranks to end", () => !pids().some(isAlive), 10_000);
    expect(Object.keys(ended())).toEqual(["ended-0", "ended-1", "ended-2"]);
  });
});

describe("one supervisor", { timeout: 30_000 }, () => {
  const words = [program("supervised.mjs"), "./count-signals.mjs", "a", "b"];

  it.each(["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const)(
    "passes %s on once, however often it comes, and the status back",
    async (signal) => {
      const one = start(process.execPath, words);
      await until("the child", () => one.output().includes("up 1 a b"));
      one.child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 100));
      one.child.kill(signal);
      expect(await one.status).toBe(6);
      expect(one.output().split("\n")[1]).toBe(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
      expect(one.output()).not.toContain("died");
    },
  );

  it("waits for the others when its rank was killed, and ends at once when it is asked to", async () => {
    const one = start(process.execPath, words);
    await until("the child", () => one.output().includes("up"));
    const children = readFileSync(`/proc/${one.child.pid}/task/${one.child.pid}/children`, "utf8").trim();
    process.kill(Number(children), "SIGKILL");
    await until("the message", () => one.output().includes("benchfs: rank 0 "));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(one.child.exitCode).toBeNull();
    const asked = performance.now();
    one.child.kill("SIGTERM");
    expect(await one.status).toBe(137);
    expect(performance.now() - asked).toBeLessThan(1000);
  });
});
