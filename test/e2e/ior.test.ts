import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestJob } from "./job.ts";

/**
 * Whole jobs: written by some processes, verified by others (-C shifts the reader; every byte is checked), for
 * every shape of job and every way that a transfer can lie to the chunks.
 */
describe("ior over the distributed file system", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  const shapes = [
    { ranks: 2, servers: 1 },
    { ranks: 4, servers: 2 },
    { ranks: 8, servers: 4 },
    { ranks: 4, servers: 1 },
  ];
  const transfers = [
    { name: "1 byte", t: "1", b: "64", s: 3 },
    { name: "47008 bytes", t: "47008", b: "94016", s: 20 },
    { name: "1 MiB", t: "1m", b: "8m", s: 2 },
    { name: "4 MiB", t: "4m", b: "16m", s: 1 },
    { name: "5 MiB + 3, across chunks", t: "5242883", b: "15728649", s: 1 },
    { name: "64 MiB", t: "64m", b: "64m", s: 1 },
  ];
  const cases = transfers.flatMap((transfer, i) => [
    { ...transfer, ...shapes[i % shapes.length]!, layout: "one shared file", layoutFlags: [] },
    { ...transfer, ...shapes[(i + 1) % shapes.length]!, layout: "a file per process", layoutFlags: ["-F"] },
  ]);

  it.each(cases)(
    "$name, $layout, $ranks ranks with $servers servers",
    async (shape) => {
      const { ranks, servers, t, b, s, layoutFlags } = shape;
      const size = ["-t", t, "-b", b, "-s", String(s)];
      const buffers = ["--client-buffers", "160m", "--chunk-buffers", "8"];
      const options = ["--servers-per-node", String(servers), ...buffers];
      const ior = ["ior", "-w", "-W", "-r", "-R", "-C", "-e", "-i", "2", ...size, ...layoutFlags];
      const { status, stderr } = await job.run(ranks, [...options, ...ior], { timeoutMs: 120_000 });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });

      const rows = job.rows("results");
      const clients = ranks - servers;
      const bytes = String(Number(parseBytes(b)) * s * clients);
      for (const iteration of ["0", "1"]) {
        for (const phase of ["write", "write-check", "read", "read-check"]) {
          const row = rows.find((one) => one.phase === phase && one.iteration === iteration);
          expect(row, `${phase} ${iteration}`).toMatchObject({ valid: "true", errors: "0", verify_errors: "0", bytes });
        }
      }
      expect(job.leftovers).toEqual([]);
    },
    130_000,
  );
});

function parseBytes(text: string): number {
  return text.endsWith("m") ? Number(text.slice(0, -1)) * 1024 * 1024 : Number(text);
}
