import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalCluster } from "../../test/local-cluster.ts";
import { runWorkload, type WorkloadRun } from "../../test/run-workload.ts";
import { BenchFileSystem } from "../client/benchfs.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { MiB } from "../core/units.ts";
import type { PhaseResult } from "../report/results.ts";
import type { Counters } from "../server/counters.ts";
import { suite } from "./suite.ts";

/** IO500's order, and what is ours at the end. */
const order = [
  "ior-easy-write",
  "mdtest-easy-write",
  "timestamp",
  "ior-hard-write",
  "mdtest-hard-write",
  "find",
  "ior-easy-read",
  "mdtest-easy-stat",
  "ior-hard-read",
  "mdtest-hard-stat",
  "mdtest-easy-delete",
  "mdtest-hard-read",
  "mdtest-hard-delete",
  "ior-rnd4K-easy-read",
  "cleanup",
];
const tiny = "-D 0.1";
const rehearsed = "the stonewall was 0.1 s, not 300 s";

const invalid = (rows: readonly PhaseResult[]) =>
  rows.filter(({ valid }) => !valid).map(({ phase, reason }) => `${phase}: ${reason}`);

describe("the suite on a plain directory", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync("/dev/shm/benchfs-suite-");
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Runs it with two clients. @param meddle Called when the row of a phase has been recorded. */
  function run(meddle: (phase: string) => void = () => {}, options = tiny): Promise<WorkloadRun> {
    return runWorkload(suite, options, {
      fs: new PosixFileSystem(root),
      clients: 2,
      adapt: (context) => ({
        ...context,
        record(...row) {
          context.record(...row);
          meddle(row[0].phase);
        },
      }),
    });
  }

  /** The files of this suite that have this in their names. */
  const made = (part: string) =>
    (readdirSync(root, { recursive: true }) as string[])
      .filter((path) => path.includes(part))
      .map((path) => join(root, path));

  it("runs IO500's phases in its order, with its arguments, and leaves only the directory that it worked in", async () => {
    const { rows, ranks, scores } = await run();
    expect(invalid(rows)).toEqual([]);
    expect(rows.map(({ phase }) => phase).filter((phase) => !phase.includes("/"))).toEqual(order);
    expect(new Set(rows.map(({ workload }) => workload))).toEqual(new Set(["suite"]));
    const [score] = scores;
    expect(score).toMatchObject({ valid: false, reasons: [rehearsed] });
    expect(score!.phases.map(({ name }) => name)).toEqual(order);
    expect(score!.total).toBeGreaterThan(0);
    expect(readdirSync(root, { recursive: true })).toEqual(["suite"]);

    // Every client writes as much as the fastest, and later phases visit just that.
    const finished = (phase: string) =>
      ranks[rows.findIndex((row) => row.phase === phase)]!.map((rank) => rank.finished);
    const bytes = (phase: string) => rows.find((row) => row.phase === phase)!.figures!.bytes;
    const visits = [
      ["ior-easy-write", "ior-easy-read"],
      ["ior-hard-write", "ior-hard-read"],
      ["mdtest-easy-write", "mdtest-easy-stat"],
      ["mdtest-easy-write", "mdtest-easy-delete"],
      ["mdtest-hard-write", "mdtest-hard-stat"],
      ["mdtest-hard-write", "mdtest-hard-read"],
      ["mdtest-hard-write", "mdtest-hard-delete"],
    ];
    for (const [write, visit] of visits as [string, string][]) {
      const [first, second] = finished(write);
      expect(first, write).toBe(second);
      expect(finished(visit), visit).toEqual([first, first]);
    }
    for (const kind of ["easy", "hard"]) expect(bytes(`ior-${kind}-read`)).toBe(bytes(`ior-${kind}-write`));
    expect(bytes("mdtest-hard-read")).toBe(3901 * 2 * finished("mdtest-hard-write")[0]!);
    expect(bytes("mdtest-easy-write")).toBe(0);

    // The arguments are those of IO500.
    const parameters = (phase: string) => rows.find((row) => row.phase === phase)!.parameters;
    const easy = { filePerProcess: true, transferBytes: 2 * MiB, reorderTasks: true, intraTestBarriers: true };
    expect(parameters("ior-easy-write")).toMatchObject({ ...easy, blockBytes: 9_920_000 * MiB, fsync: true });
    expect(parameters("ior-easy-read")).toMatchObject({ ...easy, checkRead: true });
    const hard = { filePerProcess: false, transferBytes: 47_008, blockBytes: 47_008, taskPerNodeOffset: 1 };
    expect(parameters("ior-hard-write")).toMatchObject({ ...hard, segments: 10_000_000, fsync: true });
    expect(parameters("ior-hard-read")).toMatchObject({ ...hard, checkRead: true });
    const items = { items: 1_000_000, files: true, directories: false, rankStride: 1 };
    expect(parameters("mdtest-easy-write")).toMatchObject({ ...items, uniqueDirectory: true, writeBytes: 0 });
    expect(parameters("mdtest-hard-write")).toMatchObject({ ...items, uniqueDirectory: false, writeBytes: 3901 });
    expect(parameters("mdtest-hard-read")).toMatchObject({ readBytes: 3901, verifyRead: true });
    expect(parameters("ior-rnd4K-easy-read")).toMatchObject({ transferBytes: 4096, taskPerNodeOffset: 2 });
  });

  it("is not valid when a byte of a file has changed", async () => {
    const { rows, scores } = await run((phase) => {
      if (phase !== "ior-easy-write") return;
      const file = openSync(made("ior_file_easy.00000001")[0]!, "r+");
      writeSync(file, "?", 1_234_567);
      closeSync(file);
    });
    expect(invalid(rows)).toEqual([
      expect.stringMatching(/^ior-easy-read: 1 operation with wrong data.*wrong byte at offset 1234567 of/),
    ]);
    expect(scores[0]!.reasons).toEqual([rehearsed, ...invalid(rows)]);
  });

  it("is not valid when a file is lost: find misses it, stat and read fail", async () => {
    // Long enough for a hundred files of each client, also on a busy machine: the first one that find looks for.
    const { rows, scores } = await run((phase) => {
      if (phase === "mdtest-hard-write") unlinkSync(made("mdtest_tree.0/file.mdtest.0.101")[0]!);
    }, "-D 0.5");
    const failed = ["find", "mdtest-hard-stat", "mdtest-hard-read", "mdtest-hard-delete"];
    expect(rows.filter(({ valid }) => !valid).map(({ phase }) => phase)).toEqual(failed);
    expect(invalid(rows)[0]).toMatch(/find matched \d+ of \d+ files/);
    expect(invalid(rows)[1]).toMatch(/1 failed operation.*ENOENT: stat/);
    expect(scores[0]).toMatchObject({ valid: false });
    expect(scores[0]!.reasons.slice(1)).toEqual(invalid(rows));
  });

  it("has a row for every phase when it is interrupted, and its score names those that are missing", async () => {
    let recorded = 0;
    const { rows, scores, outcomes } = await runWorkload(suite, tiny, {
      fs: new PosixFileSystem(root),
      clients: 2,
      adapt: (context) => ({
        ...context,
        interrupted: () => (recorded >= 3 ? "stopped by SIGTERM" : undefined),
        record(...row) {
          context.record(...row);
          recorded++;
        },
      }),
    });
    expect(rows.map(({ phase }) => phase).filter((phase) => !phase.includes("/"))).toEqual(order);
    expect(rows.filter(({ valid }) => valid)).toHaveLength(3);
    expect(invalid(rows).every((line) => line.endsWith(": stopped by SIGTERM"))).toBe(true);
    expect(scores[0]!.reasons).toEqual([rehearsed, ...order.slice(2).map((name) => `${name}: stopped by SIGTERM`)]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "ERR_INTERRUPTED" } });
  });
});

describe("the suite in class device", () => {
  /** Runs it over two servers. @param flushes Whether the clients flush, as the class demands. */
  async function run(flushes: boolean): Promise<WorkloadRun> {
    const cluster = await LocalCluster.start({
      servers: 2,
      clients: 2,
      durability: "device",
      capacityBytes: 4096 * MiB,
    });
    const clients = cluster.network.ranks.slice(2).map(
      ({ rpc, arena }) =>
        new BenchFileSystem({
          rpc,
          servers: [0, 1],
          arena,
          payload: { offset: 0, bytes: arena.length },
          window: 4,
          durability: flushes ? "device" : "pagecache",
        }),
    );
    const loop = { elapsedNs: 0, nativeNs: 0, waitingNs: 0, javaScriptNs: 0, asleepNs: 0, collectingNs: 0 };
    const times = { ...loop, userNs: 0, systemNs: 0 };
    try {
      return await runWorkload(suite, tiny, {
        fs: clients[0]!,
        clients: 2,
        adapt: (context) => ({
          ...context,
          fs: clients[context.group.index]!,
          readServers: async () =>
            cluster.servers.map(({ counters }: { counters: Counters }) => ({ ...counters, ...times })),
        }),
      });
    } finally {
      await cluster.stop();
    }
  }

  /** The network of a test is too slow for a file whose name find looks for. */
  const withoutFind = (rows: readonly PhaseResult[]) => invalid(rows.filter(({ phase }) => phase !== "find"));

  it("is valid when servers have flushed what they took", async () => {
    const { rows } = await run(true);
    expect(withoutFind(rows)).toEqual([]);
  });

  it("is not valid when a flush was skipped before close was acknowledged", async () => {
    const { rows } = await run(false);
    expect(withoutFind(rows)).toEqual([
      expect.stringMatching(/^ior-easy-write: server 0 took \d+ bytes and flushed none of them$/),
      "mdtest-easy-write: no server flushed anything",
      expect.stringMatching(/^ior-hard-write: server 0 took \d+ bytes and flushed none of them$/),
      expect.stringMatching(/^mdtest-hard-write: server 0 took \d+ bytes and flushed none of them$/),
    ]);
  });
});

it("in another class than device its score is not valid", async () => {
  const root = mkdtempSync("/dev/shm/benchfs-suite-");
  try {
    const { scores } = await runWorkload(suite, tiny, {
      fs: new PosixFileSystem(root),
      clients: 1,
      adapt: (context) => ({ ...context, durability: "pagecache" }),
    });
    expect(scores[0]!.reasons[1]).toBe("durability pagecache: what close acknowledges is not yet on a device");
  } finally {
    rmSync(root, { recursive: true });
  }
});
