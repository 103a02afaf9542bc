import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestJob } from "./job.ts";

describe("the suite over the distributed file system", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  it("has valid phases, flushed and verified, a summary and a table of scores, and leaves nothing", async () => {
    const options = ["--servers-per-node", "2", "--durability", "device", "--format", "ior", "--timeline"];
    const { status, stdout, stderr } = await job.run(4, [...options, "suite", "--stonewall", "1"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });

    const phases = job.rows("results");
    expect(phases.filter(({ phase }) => !phase?.includes("/"))).toHaveLength(15);
    for (const row of phases) expect(row, row.phase).toMatchObject({ workload: "suite", valid: "true", reason: "" });

    const scores = job.rows("suite");
    expect(scores.slice(-3).map(({ name, score_unit }) => [name, score_unit])).toEqual([
      ["bandwidth", "GiB/s"],
      ["metadata", "kIOPS"],
      ["total", ""],
    ]);
    expect(scores.at(-1)).toMatchObject({ valid: "false", reason: "the stonewall was 1 s, not 300 s" });
    const summary = readFileSync(join(job.out, "result_summary.txt"), "utf8");
    expect(stdout).toContain(summary);
    expect(summary).not.toMatch(/^\[RESULT\].*INVALID/m);
    const [bandwidth, metadata, total] = scores.slice(-3).map(({ score }) => Number(score));
    expect(total).toBeCloseTo(Math.sqrt(bandwidth! * metadata!), 9);
    expect(summary).toContain(`: TOTAL ${total!.toFixed(6)} [INVALID]`);
    // A sample at the second, and one at the end, of both clients: what they add up to is what the phase moved.
    const samples = job.rows("timeline").filter(({ phase }) => phase === "ior-easy-write");
    expect(new Set(samples.map(({ client }) => client))).toEqual(new Set(["0", "1"]));
    const written = phases.find(({ phase }) => phase === "ior-easy-write")!.bytes;
    expect(samples.reduce((sum, { bytes }) => sum + Number(bytes), 0)).toBe(Number(written));
    const attributed = job.rows("attribution").find(({ phase }) => phase === "mdtest-hard-stat")!;
    for (const name of ["operation_us", "transit_us", "server_us"]) expect(Number(attributed[name])).toBeGreaterThan(0);
    expect(attributed).toMatchObject({ busiest_storage: expect.stringMatching(/rank-[01]$/) });
    expect(job.rows("ior").map(({ access }) => access)).toEqual(["write", "write", "read", "read", "read"]);
    expect(job.leftovers).toEqual([]);
  }, 90_000);
});
