import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestJob } from "./job.ts";

/** What the workloads can do beyond the plain cases, on real ranks, every byte checked. */
describe("options of ior and mdtest over the distributed file system", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  async function run(ranks: number, servers: number, workloads: readonly string[]): Promise<string[]> {
    const config = join(job.folder, "job.toml");
    writeFileSync(config, `workloads = ${JSON.stringify(workloads)}\n`);
    const { status, stderr } = await job.run(ranks, ["--servers-per-node", String(servers), "--config", config]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const rows = job.rows("results");
    for (const row of rows) expect(row).toMatchObject({ valid: "true", errors: "0", verify_errors: "0" });
    return rows.map(({ phase, iteration, ops }) => `${phase} ${iteration}: ${ops}`);
  }

  it("orders by chance, readers by chance, many files, scripts", async () => {
    const script = join(job.folder, "test.ior");
    writeFileSync(
      script,
      "IOR START\n writeFile=1, checkRead=1, transferSize=47008, blockSize=470080, randomOffset=1\nRUN\n" +
        " filePerProc=1, reorderTasksRandom=2, uniqueDir=1, testFile=dir/file, dataPacketType=r\nRUN\nIOR STOP\n",
    );
    const rows = await run(5, 2, [
      `ior -f ${script}`,
      "ior -w -W -R -m -i 2 -F -Z -X -3 -t 1m -b 3m -Y -l o --queue-depth 2",
      "ior -w -R -z -z -t 4k -b 64k -s 8 --random-prefill 64k",
    ]);
    expect(rows).toEqual([
      ...["write 0: 30", "read-check 0: 30", "remove 0: 1"],
      ...["write 0: 30", "read-check 0: 30", "remove 0: 3"],
      ...["write 0: 9", "write-check 0: 9", "read-check 0: 9", "remove 0: 3"],
      ...["write 1: 9", "write-check 1: 9", "read-check 1: 9", "remove 1: 3"],
      ...["prefill 0: 24", "write 0: 384", "read-check 0: 384", "remove 0: 1"],
    ]);
    expect(job.leftovers.sort()).toEqual(["job.toml", "test.ior"]);
  }, 90_000);

  it("stonewalls with wear-out that a later workload reads, and trees", async () => {
    const status = join(job.folder, "status");
    const stored = `-F -t 64k -b 64g -C -O stoneWallingStatusFile=${status}`;
    const files = `mdtest -n 1000000 -F -N 1 -w 3901 -e 3901 -x ${status}.files`;
    const rows = await run(4, 2, [
      `ior -w -k -D 0.2 -O stoneWallingWearOut=1 ${stored}`,
      `ior -R -k ${stored}`,
      `${files} -C -W 0.2`,
      `${files} -T -E -X -R -r`,
      "mdtest -I 2 -z 2 -b 3 -u -N 1 -R -w 600 -e 600 -X --verify-write -y",
    ]);
    const [written, read, , created, ...rest] = rows;
    const count = (row: string | undefined) => Number(row!.split(": ")[1]);
    expect(read).toBe(`read-check 0: ${count(written)}`);
    expect(count(written) % 2).toBe(0);
    expect(rest.slice(0, 4)).toEqual([
      ...["stat", "read", "remove"].map((phase) => `file-${phase} 0: ${count(created)}`),
      "tree-remove 0: 1",
    ]);
    expect(rest.slice(4)).toEqual([
      "tree-create 0: 26",
      ...["create", "stat", "remove"].map((phase) => `directory-${phase} 0: 52`),
      ...["create", "stat", "read", "remove"].map((phase) => `file-${phase} 0: 52`),
      "tree-remove 0: 26",
    ]);
  }, 90_000);
});
