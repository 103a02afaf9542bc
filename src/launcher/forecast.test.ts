import { afterEach, describe, expect, it } from "vitest";
import { LocalCluster } from "../../test/local-cluster.ts";
import { runWorkload } from "../../test/run-workload.ts";
import { chunkBytes } from "../core/limits.ts";
import { MiB } from "../core/units.ts";
import { workloads } from "../workload/registry.ts";
import { forecastRun, imbalance } from "./forecast.ts";

function forecast(line: string, counts: { servers: number; clients: number }, window = 8) {
  const [name, ...argv] = line.split(" ") as [string, ...string[]];
  const run = { name, argv, params: workloads[name]!.parse(argv) };
  return forecastRun({ workloads: [run], window }, workloads, counts);
}

describe("the forecast is what happens", () => {
  let cluster: LocalCluster | undefined;
  afterEach(() => cluster?.stop());

  it.each([
    [3, 4, "ior -w -r -F -t 1m -b 5m"],
    [3, 2, "ior -w -r -W -R -t 47008 -b 94016 -s 60 -i 2"],
    [5, 3, "ior -w -R -F -t 1m -b 6m -i 3 -o /a/b/file"],
    [2, 3, "ior -w -r -E -F -t 1m -b 5m -i 2"],
    [3, 2, "ior -w -r -m -i 2 -F -u -t 1m -b 5m -o dir/f"],
    [3, 2, "ior -w -z -t 64k -b 5m --random-prefill 1m -i 2"],
    [4, 3, "mdtest -n 40 -F -C -E -r -w 3901 -e 3901 -i 2"],
    [3, 2, "mdtest -n 10 -F -C -u -w 20000"],
    [2, 2, "mdtest -I 3 -z 2 -b 2 -L -F -C -E -w 3901 -e 3901"],
    [1, 3, "mdtest -n 6 -I 2 -F -S -C -w 100 --verify-write"],
  ])("%d servers, %d clients, %s", async (servers, clients, line) => {
    cluster = await LocalCluster.start({ servers, clients });
    const [name, ...words] = line.split(" ") as [string, ...string[]];
    const run = await runWorkload(workloads[name]!, words.join(" "), { fs: cluster.clients[0]!, clients });
    expect(run.rows.filter(({ valid }) => !valid)).toEqual([]);
    const real = cluster.servers.map(({ counters }) => [counters.bytesWritten, counters.bytesRead]);
    const expected = forecast(line, { servers, clients });
    const seen = expected.servers.map(({ bytesWritten, bytesRead }) => [bytesWritten, bytesRead]);
    const isExact = name === "ior" || servers === 1;
    const sum = (rows: number[][], column: number) => rows.reduce((total, row) => total + row[column]!, 0);
    if (isExact) expect(seen).toEqual(real);
    expect([sum(seen, 0), sum(seen, 1)]).toEqual([sum(real, 0), sum(real, 1)]);
    expect(expected.missing).toEqual([]);
  });
});

describe("forecastRun", () => {
  it("counts names, chunks and what is stored at a time", () => {
    const { servers } = forecast("ior -w -r -t 4m -b 40m -i 2", { servers: 3, clients: 2 });
    const total = (key: keyof (typeof servers)[number]) => servers.reduce((sum, server) => sum + server[key], 0);
    expect(total("entries")).toBe(2);
    expect(total("chunks")).toBe(40);
    expect(total("bytesWritten")).toBe(160 * MiB);
    // Each iteration removes the file of the one before; it may start at another server.
    expect(total("bytesStored")).toBeGreaterThanOrEqual(80 * MiB);
    for (const { bytesStored } of servers) expect(bytesStored).toBeLessThanOrEqual(7 * chunkBytes);
  });

  it("counts the first requests: the pieces of each client's first operations, within the window", () => {
    const firstWindow = (line: string, window: number) =>
      forecast(line, { servers: 4, clients: 3 }, window).servers.reduce((sum, server) => sum + server.firstWindow, 0);
    expect(firstWindow("ior -w -F -t 1m -b 8m", 8)).toBe(3);
    expect(firstWindow("ior -w -F -t 32m -b 32m", 8)).toBe(24);
    expect(firstWindow("ior -w -F -t 32m -b 32m", 2)).toBe(6);
    expect(firstWindow("ior -w -F -t 1m -b 8m --queue-depth 4", 8)).toBe(12);
    expect(firstWindow("mdtest -n 5 -F -C --queue-depth 2", 8)).toBe(6);
  });

  it("says what it cannot know", () => {
    const counts = { servers: 2, clients: 1000 };
    expect(forecast("ior -r", counts).missing).toEqual([
      { workload: "ior", why: "what it does depends on what it finds" },
    ]);
    const runs = ["ior -r", "mdtest -n 10"].map((line) => {
      const [name, ...argv] = line.split(" ") as [string, ...string[]];
      return { name, argv, params: workloads[name]!.parse(argv) };
    });
    expect(forecastRun({ workloads: runs, window: 8 }, workloads, counts)).toMatchObject({
      missing: [{ workload: "ior" }, { workload: "mdtest", why: "it runs after ior, which is not in it either" }],
      rounds: [undefined, undefined],
    });
    expect(forecast("mdtest -n 10000 -F -C", counts).missing).toEqual([
      { workload: "mdtest", why: "it makes 10000001 names, hashed evenly" },
    ]);
  });

  it("spreads 100,000 clients over 4,096 servers", () => {
    const { servers } = forecast("ior -w -F -t 4m -b 64g", { servers: 4096, clients: 100_000 });
    expect(servers.reduce((sum, { chunks }) => sum + chunks, 0)).toBe(100_000 * 16_384);
    expect(imbalance(servers.map(({ chunks }) => chunks))).toBe(0);
  });
});

it("imbalance", () => {
  expect(imbalance([1, 1, 1, 1])).toBe(0);
  expect(imbalance([4, 0])).toBe(1);
  expect(imbalance([0, 0])).toBeUndefined();
});
