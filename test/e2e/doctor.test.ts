import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { mpirun } from "../mpirun.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/dev/shm/benchfs-test-");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const doctor = (...words: string[]) => mpirun(4, ["node", ".", "doctor", ...words]);

it("examines this host, measures it, and leaves nothing behind", async () => {
  const hosts = join(folder, "hosts");
  const storage = join(folder, "storage");
  const { stdout, stderr, status } = await doctor(
    "--storage",
    storage,
    "--exclude-slow",
    hosts,
    "ior",
    "-w",
    "-b",
    "8m",
  );
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  for (const check of ["io_uring", "free space", "clock", "UCX", "locked memory"]) {
    expect(stdout).toMatch(new RegExp(`^ok    ${check} `, "m"));
  }
  expect(stdout).toMatch(/Within a node: [\d.]+ us there and back, [\d.]+ MiB\/s/);
  expect(stdout).toMatch(/storage: write [\d.]+ MiB\/s, read [\d.]+ MiB\/s/);
  expect(stdout).toContain("Verdict: ");
  expect(readFileSync(hosts, "utf8")).toBe(`${hostname()}\n`);
  expect(readdirSync(folder)).toEqual(["hosts"]);
});

it("fails, and leaves the host out, when a run could not store there", async () => {
  const hosts = join(folder, "hosts");
  const storage = join(folder, "not", "there");
  const { stdout, status } = await doctor("--storage", storage, "--exclude-slow", hosts);
  expect(status).toBe(3);
  expect(stdout).toMatch(/^FAIL {2}storage path +ENOENT: .*\n +-> name a node-local folder/m);
  expect(readFileSync(hosts, "utf8")).toBe("");
  expect(existsSync(join(folder, "not"))).toBe(false);
});

it("refuses what it cannot read, once", async () => {
  const { stderr, status } = await doctor("--exclude-slwo", "x");
  expect(status).toBe(2);
  expect(stderr.match(/unknown option --exclude-slwo/g)).toHaveLength(1);
});
