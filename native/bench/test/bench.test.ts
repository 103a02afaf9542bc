import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const timeoutMs = 60_000;
const folder = mkdtempSync("/tmp/bench-native-test-");
afterAll(() => rmSync(folder, { recursive: true }));

function bench(...words: string[]) {
  const path = fileURLToPath(new URL("../run.mjs", import.meta.url));
  return spawnSync(process.execPath, [path, ...words], { encoding: "utf8", timeout: timeoutMs });
}

describe("bench:native", { timeout: timeoutMs }, () => {
  it("measures a row beside its anchor and says on what machine", () => {
    const job = bench("--rows", "payload get 64", "--rounds", "1", "--json", `${folder}/figures.json`);
    expect(job.status, job.stderr).toBe(0);
    expect(job.stdout).toMatch(/processor: .*\nkernel: Linux .*\nsoftware: Node.js v.*, UCX .*\n/);
    expect(job.stdout).toContain("payload of 64 KiB, one copy, depth 8");
    const { machine, rounds, rows } = JSON.parse(readFileSync(`${folder}/figures.json`, "utf8"));
    expect(machine.kernel).toMatch(/^Linux /);
    expect(rounds).toBe(1);
    expect(rows).toHaveLength(1);
    const [{ ours, anchor, ratio, goal, met }] = rows;
    expect(Math.min(ours, anchor)).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(ours / anchor);
    expect([goal, met]).toEqual([">= 0.95", ratio >= 0.95]);
  });

  it("refuses what it does not know, with what there is", () => {
    expect(bench("--rows", "rdma")).toMatchObject({ status: 2, stderr: expect.stringContaining("garbage collection") });
    expect(bench("--rounds", "0")).toMatchObject({ status: 1, stderr: expect.stringContaining("at least 1") });
  });
});
