import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunOptions, runWorkload, wrapFileSystem } from "../../test/run-workload.ts";
import type { FileSystem } from "../client/file-system.ts";
import { PosixFileSystem } from "../client/posix.ts";
import type { RankResult } from "../report/figures.ts";
import { Histogram } from "../report/histogram.ts";
import { ior } from "./ior.ts";
import { outliers } from "./ior-outliers.ts";

let root: string;
let fs: PosixFileSystem;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ior-"));
  fs = new PosixFileSystem(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const run = (command: string, options: Partial<RunOptions> = {}) =>
  runWorkload(ior, command, { fs, clients: 2, ...options });

/** Client `index` of the run writes this slowly. */
function slowWriter(slow: number, ms: number): Pick<RunOptions, "adapt"> {
  const slowed = (target: FileSystem) =>
    wrapFileSystem(target, (file) => ({
      async write(...range) {
        await setTimeout(ms);
        return file.write(...range);
      },
    }));
  return { adapt: (context) => (context.group.index === slow ? { ...context, fs: slowed(context.fs) } : context) };
}

describe("ior stops", () => {
  it("where each client is at the stonewall, without a wear-out", async () => {
    const slow = wrapFileSystem(fs, (file, path) => ({
      async write(...range) {
        await setTimeout(path.endsWith("1") ? 40 : 10);
        return file.write(...range);
      },
    }));
    const { ranks } = await run("-w -r -D 0.3 -F -t 1k -b 1g", { fs: slow });
    const [write, read] = ranks;
    expect(write![0]!.ops).toBeGreaterThan(write![1]!.ops);
    expect(read!.map(({ ops }) => ops)).toEqual(write!.map(({ ops }) => ops));
    expect(write!.map(({ stopped }) => stopped)).toEqual(["stonewall", "stonewall"]);
  });

  it("after the wear-out where the fastest client was at the stonewall, and stores that for a later run", async () => {
    const file = join(root, "status");
    const options = `-F -t 1k -b 1g -k -O stoneWallingStatusFile=${file}`;
    const { rows, ranks } = await run(`-w -D 0.05 -O stoneWallingWearOut=1 ${options}`, slowWriter(1, 1));
    const done = ranks[0]!.map(({ finished }) => finished);
    expect(done[0]).toBe(done[1]);
    expect(statSync(join(root, "testFile.00000001")).size).toBe(done[0]! * 1024);
    expect(rows[0]).toMatchObject({ valid: true, figures: { stonewalled: true, bytes: 2 * done[0]! * 1024 } });
    expect(readFileSync(file, "utf8")).toBe(`${done[0]}\n`);

    const later = await run(`-R ${options}`);
    expect(later.rows[0]).toMatchObject({ valid: true, figures: { ops: 2 * done[0]!, verifyErrors: 0 } });
    // IOR's own files end without a line break.
    writeFileSync(file, "3");
    expect((await run(`-R ${options}`)).rows[0]!.figures!.ops).toBe(6);
  });

  it("before it starts if the status file holds no number", async () => {
    const file = join(root, "status");
    for (const text of [undefined, "", "many"]) {
      if (text !== undefined) writeFileSync(file, text);
      const { outcomes } = await run(`-r -k -O stoneWallingStatusFile=${file}`);
      expect(outcomes).toEqual([0, 1].map(() => ({ status: "rejected", reason: expect.anything() })));
      const [first] = outcomes as PromiseRejectedResult[];
      expect(first!.reason).toMatchObject({ code: "ERR_CONFIG", message: expect.stringContaining("holds no number") });
    }
  });

  it("not before the least time is over: operations begin again with the first", async () => {
    const offsets: number[] = [];
    const watched = wrapFileSystem(fs, (file) => ({
      async write(buffer, offset, length, position) {
        offsets.push(position);
        await setTimeout(5);
        return file.write(buffer, offset, length, position);
      },
    }));
    const { rows } = await run("-w -W -t 8 -b 24 -O minTimeDuration=0.1", { fs: watched, clients: 1 });
    const rounds = offsets.length / 3;
    expect(rounds).toBeGreaterThan(1);
    expect(offsets).toEqual(Array.from({ length: rounds }, () => [0, 8, 16]).flat());
    expect(rows[0]!.figures!.operationsS).toBeGreaterThanOrEqual(0.1);
    expect(rows[0]!.figures!.bytes).toBe(rounds * 24);
    expect(rows.every(({ valid }) => valid)).toBe(true);
  });

  it("beginning phases after the time of -T, without rows for what is left, and cleans up", async () => {
    // 6 ms: after the first phase at the latest.
    const { rows } = await run("-w -r -i 50 -T 0.0001 -t 8 -b 8", slowWriter(0, 10));
    expect(rows.map(({ phase, iteration }) => `${phase} ${iteration}`)).toEqual(["write 0", "remove 0"]);
    expect(rows.every(({ valid }) => valid)).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("ior waits", () => {
  it("before each write and read phase with -d, outside of their times", async () => {
    const startMs = performance.timeOrigin + performance.now();
    const { rows } = await run("-w -r -d 0.15 -t 8 -b 8");
    const [write, read] = rows.map(({ figures }) => figures!.dateMs);
    expect(write! - startMs).toBeGreaterThanOrEqual(150);
    expect(read! - write!).toBeGreaterThanOrEqual(150);
  });
});

describe("ior keeps", () => {
  const flipping = () =>
    wrapFileSystem(fs, (file, path) => ({
      async read(buffer, offset, length, position) {
        const result = await file.read(buffer, offset, length, position);
        if (path.endsWith(".1") && position === 16) buffer[offset]! ^= 1;
        return result;
      },
    }));

  it("with -K the file of the iteration that had wrong data, and no other", async () => {
    const { rows } = await run("-w -R -K -m -i 3 -t 8 -b 16", { fs: flipping() });
    expect(rows.map(({ phase, iteration, valid }) => `${phase} ${iteration} ${valid}`)).toEqual([
      "write 0 true",
      "read-check 0 true",
      "remove 0 true",
      "write 1 true",
      "read-check 1 false",
      "write 2 true",
      "read-check 2 true",
      "remove 2 true",
    ]);
    expect(readdirSync(root)).toEqual(["testFile.1"]);
  });

  it("nothing without -K", async () => {
    await run("-w -R -m -i 3 -t 8 -b 16", { fs: flipping() });
    expect(readdirSync(root)).toEqual([]);
  });

  it("with -m a file for each iteration, that a later run can check", async () => {
    await run("-w -k -m -i 3 -F -t 8 -b 16");
    expect(readdirSync(root)).toHaveLength(6);
    const { rows } = await run("-R -m -i 3 -F -t 8 -b 16");
    expect(rows.map(({ phase, valid }) => [phase, valid])).toEqual(
      [0, 1, 2].flatMap(() => ["read-check", "remove"].map((phase) => [phase, true])),
    );
    expect(readdirSync(root)).toEqual([]);
  });

  it("with -u the directories of the clients", async () => {
    await run("-w -R -u -F -t 8 -b 16 -o deep/dir/f");
    expect(readdirSync(join(root, "deep/dir")).sort()).toEqual(["0", "1"]);
    expect(existsSync(join(root, "deep/dir/0/f.00000000"))).toBe(false);
  });
});

const idleRank: RankResult = {
  client: 0,
  host: "",
  openStartS: 0,
  openStopS: 0,
  operationsStartS: 0,
  operationsStopS: 0,
  closeStartS: 0,
  closeStopS: 0,
  bytes: 0,
  ops: 0,
  finished: 0,
  errors: 0,
  verifyErrors: 0,
  firstError: "",
  stopped: "",
  latency: new Histogram(),
};

describe("ior remarks", () => {
  it("with -j which clients were far from the mean", async () => {
    const { rows } = await run("-w -j 0.05 -F -t 8 -b 160", slowWriter(1, 10));
    expect(rows[0]!.remarks).toMatch(/^-j: .*client 1 \(h0\): transfer time \d+\.\d{3} s above the mean/);
    expect((await run("-w -F -t 8 -b 160", slowWriter(1, 10))).rows[0]!.remarks).toBe("");
  });

  it("name IOR's five times, and not more than four outliers", () => {
    const rank = (client: number, offsets: Partial<RankResult>): RankResult => {
      const stamps = { openStartS: 10, openStopS: 11, operationsStartS: 11, operationsStopS: 20, closeStartS: 20 };
      return { ...idleRank, client, host: `h${client}`, ...stamps, closeStopS: 21, ...offsets };
    };
    const even = [0, 1, 2].map((client) => rank(client, {}));
    expect(outliers(even, 0.5)).toBe("");
    expect(outliers([...even, rank(3, { closeStopS: 25 })], 2)).toBe(
      "-j: client 3 (h3): close time 3.000 s above the mean, client 3 (h3): end time 3.000 s above the mean",
    );
    expect(outliers([...even, rank(3, { openStartS: 6 })], 2.5)).toBe(
      "-j: client 3 (h3): start time 3.000 s below the mean, client 3 (h3): open time 3.000 s above the mean",
    );
    expect(outliers([...even, rank(3, { operationsStopS: 40, closeStopS: 40 })], 2)).toMatch(/, and 8 more$/);
  });
});

describe("ior's data", () => {
  it.each(["timestamp", "offset", "incompressible", "random"])("of type %s are checked", async (type) => {
    const { rows } = await run(`-w -W -r -R -C -F -l ${type} -t 3901 -b 39010 --queue-depth 3 -i 2`, {
      hosts: ["a", "b"],
    });
    expect(rows.every(({ valid }) => valid)).toBe(true);
    await run(`-w -k -F -l ${type} -t 4k -b 8k`);
    const other = type === "random" ? "offset" : "random";
    const { rows: wrong } = await run(`-R -F -l ${other} -t 4k -b 8k`);
    expect(wrong[0]!.figures!.verifyErrors).toBe(4);
  });

  it("find the 0xff of a prefill where a write is missing", async () => {
    const losing = wrapFileSystem(fs, (file) => ({
      write: (buffer, offset, length, position) =>
        length === 8 && position === 40
          ? Promise.resolve({ bytesWritten: length })
          : file.write(buffer, offset, length, position),
    }));
    const command = "-w -R -k -z -t 8 -b 32 --randomPrefill 16";
    const { rows } = await run(command, { fs: losing });
    expect(rows.map(({ phase, figures }) => [phase, figures!.verifyErrors])).toEqual([
      ["prefill", 0],
      ["write", 0],
      ["read-check", 1],
    ]);
    expect(readFileSync(join(root, "testFile")).subarray(40, 48)).toEqual(Buffer.alloc(8, 0xff));
  });
});
