import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestJob } from "./job.ts";

describe("what a job keeps", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  const file = ["-t", "1m", "-b", "8m", "-G", "7", "-o", "data", "-k"];
  const check = () => job.run(4, ["--servers-per-node", "2", "--keep", "ior", "-R", "-C", ...file]);

  it.each(["pagecache", "device"])(
    "in class %s, is there for the next job, and a flipped byte is found",
    async (durability) => {
      const options = ["--servers-per-node", "2", "--keep", "--durability", durability];
      const written = await job.run(4, [...options, "ior", "-w", "-e", ...file]);
      expect(written.status).toBe(0);
      expect((await check()).status).toBe(0);

      // Somewhere in the middle of the first chunk that this server has.
      const chunks = openSync(join(job.storage, "rank-1", "chunks.0"), "r+");
      const byte = new Uint8Array(1);
      const position = 1_234_567;
      expect(readSync(chunks, byte, 0, 1, position)).toBe(1);
      byte[0]! ^= 0x10;
      writeSync(chunks, byte, 0, 1, position);
      closeSync(chunks);

      const flipped = await check();
      expect(flipped.status).toBe(6);
      const row = job.rows("results").at(-1);
      expect(row).toMatchObject({ phase: "read-check", verify_errors: "1", errors: "0", valid: "false" });
      expect(row?.reason).toMatch(/wrong data.*\/data.*1234567|wrong data/);
    },
    90_000,
  );

  it("is refused by a job of another shape, and left as it was", async () => {
    expect((await job.run(4, ["--servers-per-node", "2", "--keep", "ior", "-w", ...file])).status).toBe(0);
    const { status, stderr } = await job.run(4, ["--servers-per-node", "1", "ior", "-w"]);
    expect({ status, stderr }).toMatchObject({ status: 5, stderr: expect.stringContaining("servers") });
    expect((await check()).status).toBe(0);
  }, 90_000);

  it("a job of two workloads writes one table of whole rows, and the map that every rank agreed on", async () => {
    const config = join(job.folder, "job.toml");
    writeFileSync(config, 'workloads = ["ior -w -r -F -t 64k -b 1m", "mdtest -n 50 -F -C -T -r -i 2"]\n');
    const { status, stderr, stdout } = await job.run(4, ["--config", config]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const rows = job.rows("results");
    expect(rows.map(({ workload, phase, iteration }) => `${workload} ${phase} ${iteration}`)).toMatchInlineSnapshot(`
      [
        "ior write 0",
        "ior read 0",
        "ior remove 0",
        "mdtest tree-create 0",
        "mdtest file-create 0",
        "mdtest file-stat 0",
        "mdtest file-remove 0",
        "mdtest tree-remove 0",
        "mdtest tree-create 1",
        "mdtest file-create 1",
        "mdtest file-stat 1",
        "mdtest file-remove 1",
        "mdtest tree-remove 1",
      ]
    `);
    expect(rows.every(({ valid }) => valid === "true")).toBe(true);
    for (const row of rows) expect(row).toMatchObject({ servers: "2", clients: "2", durability: "pagecache" });
    expect(new Set(rows.map(({ rank_map_hash }) => rank_map_hash)).size).toBe(1);
    expect(stdout).toContain(`rank map ${rows[0]!.rank_map_hash}`);
    expect(rows[0]!.transport).toMatch(/memory/);
    expect(job.rows("rankmap").map(({ rank, role }) => `${rank} ${role}`)).toEqual([
      "0 server",
      "1 server",
      "2 client",
      "3 client",
    ]);
    expect(job.rows("ranks")).toHaveLength(rows.length * 2);
    const servers = job.rows("servers");
    expect(servers).toHaveLength(rows.length * 2);
    const written = servers.filter(({ phase }) => phase === "write").map(({ written_bytes }) => Number(written_bytes));
    expect(written[0]! + written[1]!).toBe(2 * 1024 * 1024);
    expect(readFileSync(join(job.out, "config.toml"), "utf8")).toContain("mdtest -n 50");
  }, 60_000);
});
