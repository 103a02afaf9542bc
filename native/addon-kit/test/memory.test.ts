import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const native = resolve(import.meta.dirname, "../..");
const timeoutMs = 120_000;

/** By how much the resident memory breathes without a leak; 64 bytes lost per operation would be 6,250 KiB. */
const breathKiB = 4000;

const addons = ["event-pump", "napi-io-uring", "node-hwloc", "node-mpi", "ucx-node"];

const run = (command: string, ...words: string[]) => {
  const job = spawnSync(command, words, { encoding: "utf8", timeout: timeoutMs });
  expect(job.status, job.stderr).toBe(0);
  return JSON.parse(job.stdout) as { grownKiB: number; descriptors: number };
};

describe.each(addons)("%s", { timeout: timeoutMs }, (addon) => {
  it("leaves memory and descriptors as they were after 100,000 operations", () => {
    const program = join(native, addon, "test/programs/cycle.mjs");
    const { grownKiB, descriptors } = run(process.execPath, "--expose-gc", program, "100000");
    expect(descriptors).toBeLessThanOrEqual(0);
    expect(grownKiB).toBeLessThan(breathKiB);
  });

  it("does nothing that AddressSanitizer or UBSan reports", () => {
    expect(run("bash", join(native, "addon-kit/test/sanitize.sh"), addon, "5000").descriptors).toBeLessThanOrEqual(0);
  });
});
