import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestJob } from "./job.ts";

describe("rpc between clients and servers", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  it.each([
    // Over tcp a transfer takes milliseconds.
    { env: { UCX_TLS: "tcp,self" }, iterations: "8" },
    { env: {}, iterations: "20" },
  ])(
    "moves payloads of every size both ways, with $env",
    async ({ env, iterations }) => {
      const counts = ["-i", iterations, "-I", iterations, "-W", "8", "-w", "4"];
      const rpc = ["rpc", "-p", "one,turn,all", "--min-size", "16k", "-m", "4m", ...counts];
      const options = ["--servers-per-node", "2", "--durability", "memory"];
      const { status, stderr } = await job.run(4, [...options, ...rpc], { timeoutMs: 120_000, env });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const rows = job.rows("results");
      // 9 sizes of latency, put and get, 4 windows of rate, for one pair, four pairs and all clients.
      expect(rows).toHaveLength((3 * 9 + 4) * 6);
      expect(rows.filter(({ valid }) => valid !== "true")).toEqual([]);
      const all = rows.find(({ phase, transfer_bytes }) => phase === "put-all" && transfer_bytes === "4194304")!;
      const ops = 2 * Number(iterations);
      expect([all.ops, all.bytes]).toEqual([String(ops), String(ops * 4_194_304)]);
      expect(job.leftovers).toEqual([]);
    },
    130_000,
  );
});
