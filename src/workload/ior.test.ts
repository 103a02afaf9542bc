import { constants, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWorkload, wrapFileSystem } from "../../test/run-workload.ts";
import { FileSystemError } from "../client/file-system.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { errno } from "../core/errno.ts";
import { BenchError } from "../core/errors.ts";
import type { PhaseResult } from "../report/results.ts";
import { ior } from "./ior.ts";

let root: string;
let fs: PosixFileSystem;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ior-"));
  fs = new PosixFileSystem(root);
});
afterEach(() => rmSync(root, { recursive: true }));

/** What a row says without its times. */
function facts({ phase, iteration, figures, valid, reason }: PhaseResult): unknown[] {
  const { bytes, ops, errors, verifyErrors } = figures ?? {};
  return [phase, iteration, bytes, ops, errors, verifyErrors, valid, reason];
}

describe("ior", () => {
  it("writes and reads by default, and leaves nothing", async () => {
    const { rows } = await runWorkload(ior, "-t 64k -b 256k -s 2", { fs, clients: 1 });
    expect(rows.map(facts)).toEqual([
      ["write", 0, 512 * 1024, 8, 0, 0, true, ""],
      ["read", 0, 512 * 1024, 8, 0, 0, true, ""],
      ["remove", 0, 0, 1, 0, 0, true, ""],
    ]);
    expect(readdirSync(root)).toEqual([]);
  });

  it.each([
    "-w -W -r -R -t 4k -b 16k -s 3",
    "-w -W -r -R -t 4k -b 16k -s 3 -F",
    "-wWrR -F -t 47008 -b 94016 -s 5 -C --queue-depth 3",
    "-w -R -t 1 -b 7 -s 11 -z -g",
    "-wRW -t 3901 -b 39010 -z -e -F --queue-depth 16 -G 9",
  ])("finds all data right that it wrote: %s", async (command) => {
    const hosts = ["h0", "h0", "h1", "h1"];
    const { rows, outcomes } = await runWorkload(ior, `${command} -i 2 -o dir/deep/f`, { fs, clients: 4, hosts });
    expect(outcomes.map(({ status }) => status)).toEqual(new Array(4).fill("fulfilled"));
    for (const row of rows) expect(facts(row)).toEqual(expect.arrayContaining([0, true, ""]));
    const { blockBytes, segments } = rows[0]!.options;
    for (const row of rows) if (row.kind === "transfers") expect(row.figures!.bytes).toBe(4 * blockBytes! * segments!);
    expect(readdirSync(join(root, "dir/deep"))).toEqual([]);
  });

  it("names a client's file as IOR does, and keeps it for a later run that checks it", async () => {
    await runWorkload(ior, "-w -k -F -t 1k -b 4k -i 3", { fs, clients: 2 });
    expect(readdirSync(root).sort()).toEqual(["testFile.00000000", "testFile.00000001"]);
    expect(statSync(join(root, "testFile.00000001")).size).toBe(4096);
    const { rows } = await runWorkload(ior, "-R -k -F -t 2k -b 4k -i 2", { fs, clients: 2 });
    expect(rows.map(facts)).toEqual([
      ["read-check", 0, 8192, 4, 0, 0, true, ""],
      ["read-check", 1, 8192, 4, 0, 0, true, ""],
    ]);
  });

  it("lays out segments of a shared file block by block of the clients", async () => {
    await runWorkload(ior, "-w -k -t 1k -b 2k -s 2", { fs, clients: 3 });
    const shared = readFileSync(join(root, "testFile"));
    await runWorkload(ior, "-w -k -t 12k -b 12k -o single", { fs, clients: 1 });
    expect(shared.length).toBe(3 * 2 * 2048);
    expect(shared.subarray(8, 512).equals(readFileSync(join(root, "single")).subarray(8, 512))).toBe(true);
  });

  it("counts a flipped byte on a client, and says where it is", async () => {
    const flipping = wrapFileSystem(fs, (file, path) => ({
      async read(buffer, offset, length, position) {
        const result = await file.read(buffer, offset, length, position);
        if (path === "/testFile.00000001" && position === 4096) buffer[offset + 77]! ^= 1;
        return result;
      },
    }));
    const { rows } = await runWorkload(ior, "-w -r -R -F -t 4k -b 16k", { fs: flipping, clients: 2 });
    expect(rows.map(({ phase, valid }) => [phase, valid])).toEqual([
      ["write", true],
      ["read", true],
      ["read-check", false],
      ["remove", true],
    ]);
    expect(rows[2]!.figures).toMatchObject({ ops: 8, errors: 0, verifyErrors: 1 });
    expect(rows[2]!.reason).toBe(
      "1 operation with wrong data; first on client 1 (h0): wrong byte at offset 4173 of /testFile.00000001",
    );
  });

  it("finds that a read left the buffer as it was, although the buffer still holds what was written", async () => {
    const idle = wrapFileSystem(fs, () => ({ read: async (_, __, length) => ({ bytesRead: length }) }));
    const { rows } = await runWorkload(ior, "-w -W -R -t 4k -b 4k", { fs: idle, clients: 1 });
    expect(rows.map(({ figures }) => figures!.verifyErrors)).toEqual([0, 1, 1, 0]);
  });

  it("finds data of the iteration before", async () => {
    let writes = 0;
    const losing = wrapFileSystem(fs, (file) => ({
      write: (buffer, offset, length, position) =>
        writes++ >= 4 && position === 0
          ? Promise.resolve({ bytesWritten: length })
          : file.write(buffer, offset, length, position),
    }));
    const { rows } = await runWorkload(ior, "-w -W -E -k -i 2 -t 1k -b 4k", { fs: losing, clients: 1 });
    expect(rows.map(({ figures }) => figures!.verifyErrors)).toEqual([0, 0, 0, 1]);
  });

  it("goes on after failed writes, and counts them", async () => {
    const failing = wrapFileSystem(fs, (file, path) => ({
      write: (buffer, offset, length, position) =>
        position >= 8192
          ? Promise.reject(new FileSystemError(errno.ENOSPC, "write", path, 5))
          : file.write(buffer, offset, length, position),
    }));
    const { rows } = await runWorkload(ior, "-w -r -t 4k -b 16k", { fs: failing, clients: 1 });
    expect(rows[0]!.figures).toMatchObject({ ops: 2, bytes: 8192, errors: 2 });
    expect(rows[0]!.reason).toBe(
      "2 failed operations; first on client 0 (h0): ENOSPC: write '/testFile' on server rank 5",
    );
    expect(rows[1]!.reason).toMatch(
      /^2 failed operations; .* short read: 0 of 4096 bytes at offset 8192 of \/testFile$/,
    );
    expect(rows[2]!.valid).toBe(true);
  });

  it("says that a file to read is missing", async () => {
    const { rows } = await runWorkload(ior, "-r -k", { fs, clients: 2 });
    expect(rows.map(facts)).toEqual([
      ["read", 0, 0, 0, 2, 0, false, expect.stringContaining("ENOENT: open '/testFile'")],
    ]);
  });

  it("stops at the stonewall, and reads what was written", async () => {
    const slow = wrapFileSystem(fs, (file) => ({
      async write(buffer, offset, length, position) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return file.write(buffer, offset, length, position);
      },
    }));
    const { rows } = await runWorkload(ior, "-w -R -D 0.1 -t 1k -b 1m --queue-depth 2", { fs: slow, clients: 2 });
    const [write, read] = rows;
    expect(write!.figures!.stonewalled).toBe(true);
    expect(write!.figures!.ops).toBeLessThan(2 * 50);
    expect(write!.figures!.ops).toBeGreaterThan(2);
    expect(read!.figures!.ops).toBe(write!.figures!.ops);
    expect(rows.every(({ valid }) => valid)).toBe(true);
  });

  it("has clients on other nodes read back with -C, and says so if there are none", async () => {
    const opened: string[] = [];
    const hosts = ["a", "b", "a", "b"];
    const { rows } = await runWorkload(ior, "-r -w -k -F -C -t 1k -b 1k", {
      fs,
      clients: 4,
      hosts,
      adapt: (context) => {
        const watched = wrapFileSystem(fs, () => ({}), {
          open(path, flags, mode) {
            if (flags === constants.O_RDONLY) opened.push(`${context.group.index} ${path}`);
            return fs.open(path, flags, mode);
          },
        });
        return { ...context, fs: watched };
      },
    });
    expect(opened.sort()).toEqual([1, 2, 3, 0].map((task, client) => `${client} /testFile.0000000${task}`));
    expect(rows[1]!.remarks).toBe("");
    const alone = await runWorkload(ior, "-r -w -C", { fs, clients: 2 });
    expect(alone.rows[1]!.remarks).toBe("-C: some clients read what their own node wrote");
  });

  it("records every phase when a client is lost, and rejects everywhere", async () => {
    const { rows, outcomes } = await runWorkload(ior, "-w -W -r -i 2", {
      fs,
      clients: 3,
      adapt: (context, group) => ({
        ...context,
        record(...row) {
          context.record(...row);
          group.kill(2);
        },
      }),
    });
    const planned = ["write", "write-check", "read", "remove"];
    expect(rows.map(({ phase, iteration }) => `${phase} ${iteration}`)).toEqual(
      [0, 1].flatMap((iteration) => planned.map((phase) => `${phase} ${iteration}`)),
    );
    expect(rows.filter(({ valid }) => valid).length).toBe(1);
    expect(rows.every((row) => row.valid || (row.reason === "client 2 is lost" && row.figures === undefined))).toBe(
      true,
    );
    expect(outcomes.every((outcome) => outcome.status === "rejected" && outcome.reason.code === "ERR_PEER_LOST")).toBe(
      true,
    );
  });

  it("stops all clients when one is interrupted, and records why", async () => {
    const { rows, outcomes } = await runWorkload(ior, "-w -r -t 1k -b 64k", {
      fs,
      clients: 2,
      adapt(context) {
        if (context.group.index === 0) return context;
        let writes = 0;
        const counted = wrapFileSystem(fs, (file) => ({
          write(...range) {
            writes++;
            return file.write(...range);
          },
        }));
        return { ...context, fs: counted, interrupted: () => (writes === 10 ? "SIGTERM" : undefined) };
      },
    });
    expect(rows.map(({ phase, valid, reason }) => [phase, valid, reason])).toEqual([
      ["write", false, "SIGTERM"],
      ["read", false, "SIGTERM"],
      ["remove", false, "SIGTERM"],
    ]);
    expect(rows[0]!.figures!.ops).toBe(64 + 10);
    const reasons = outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason);
    for (const reason of reasons) expect(reason).toMatchObject({ code: "ERR_INTERRUPTED", message: "SIGTERM" });
  });

  it("ends with our own bugs instead of counting them as failed operations", async () => {
    const broken = wrapFileSystem(fs, () => ({ write: () => Promise.reject(new TypeError("bug")) }));
    const { rows, outcomes } = await runWorkload(ior, "-w", { fs: broken, clients: 1 });
    expect(outcomes).toEqual([{ status: "rejected", reason: new TypeError("bug") }]);
    expect(rows.map(({ phase, reason }) => [phase, reason])).toEqual([
      ["write", "bug"],
      ["remove", "bug"],
    ]);
  });

  it("measures what IOR's formulas say", async () => {
    const { rows, ranks } = await runWorkload(ior, "-w -t 64k -b 1m -F", { fs, clients: 2 });
    const figures = rows[0]!.figures!;
    const [a, b] = ranks[0]!;
    const totalS = Math.max(a!.closeStopS, b!.closeStopS) - Math.min(a!.openStartS, b!.openStartS);
    expect(figures.bandwidthMibS).toBeCloseTo(2 / totalS, 6);
    expect(figures.latency.count).toBe(32);
    expect(figures.latency.maxNs / 1e9).toBeLessThanOrEqual(figures.operationsS);
    for (const { openStartS, openStopS, operationsStartS, operationsStopS, closeStartS, closeStopS } of ranks[0]!) {
      const stamps = [openStartS, openStopS, operationsStartS, operationsStopS, closeStartS, closeStopS];
      expect(stamps).toEqual(stamps.toSorted((x, y) => x - y));
      expect(Math.abs(openStartS - Date.now() / 1000)).toBeLessThan(60);
    }
  });
});

describe("ior options", () => {
  it.each([
    ["-b 1m -t 300k", "-b 1 MiB is no multiple of -t 300 KiB"],
    ["-a MPIIO", '-a, --api: "MPIIO" given, but it takes one of POSIX'],
    ["-c", "-c is not supported: collective I/O is a matter of MPI-IO"],
    ["--collective", "--collective is not supported: collective I/O"],
    ["--dryRun", "--dry-run is not supported: all options are checked before anything starts anyway"],
    ["-N 4", "-N is not supported: all clients take part"],
    ["-C -Z", "-C and -Z exclude each other"],
    ["-z -C -b 1m -t 4k", "-z in a shared file (without -F) excludes -C and -Z"],
    ["-z -z -Z", "-z in a shared file (without -F) excludes -C and -Z"],
    ["-z -b 1m -t 1m", "-z shuffles the transfers of a block, so -b must be larger than -t"],
    ["-zzz", "-z, --random-offset: 3 given, but it takes no value, up to 2 times"],
    ["-z -z -s 20000000", "-z -z takes at most 16777216 segments"],
    ["-w --random-prefill 4k", "--random-prefill fills the file for -z -w"],
    ["-w -z --random-prefill 300k", "-b 1 MiB is no multiple of --random-prefill 300 KiB"],
    ["-w --stone-walling-wear-out", "--stone-walling-wear-out needs a stonewall: -D"],
    ["-r --stone-walling-status-file s", "it needs -k"],
    ["-w -D 1 -k -O stoneWallingStatusFile=s", "with -w needs --stone-walling-wear-out"],
    ["-u", "-u gives each client's file a directory: it needs -F"],
    ["-o a@b", "-o with several paths (a@b) deals them to the clients' files: it needs -F"],
    ["-F -u -o a@b", "-u and several paths of -o exclude each other"],
    ["-o a@../b -F", "is no path within the file system under test"],
    ["-l x", '-l, --data-packet-type: "x" given, but it takes one of timestamp, offset, incompressible, random'],
    ["-O blockSize", '"blockSize" is no directive: name=value'],
    ["-O blockSize=", '"blockSize=" is no directive: name=value'],
    ["-O blckSize=4k", "directive blckSize is unknown (did you mean blocksize?)"],
    ["-O summaryFormat=JSON", "directive summaryFormat is not supported: results are in results.csv"],
    ["-O GPUDirect=1", "directive GPUDirect is not supported: buffers are in host memory"],
    ["-O scriptFile=x", "directive scriptFile is unknown"],
    ["-wO blockSize=4k", "write -O by itself"],
    ["-o ../escape", "is no path within the file system under test"],
    ["-t 0", "--transfer-size"],
    ["-b 2t -s 1000000", "-b x -s is more than 1024 TiB"],
    ["write", '"write" is no option'],
  ])("refuses %s", (command, message) => {
    expect(() => ior.parse(command.split(" "))).toThrow(BenchError);
    expect(() => ior.parse(command.split(" "))).toThrow(message);
  });

  it("has IOR's defaults", () => {
    expect(ior.parse([])).toEqual({
      writeFile: true,
      readFile: true,
      checkWrite: false,
      checkRead: false,
      blockBytes: 1048576,
      transferBytes: 262144,
      segments: 1,
      filePerProcess: false,
      uniqueDirectory: false,
      testFiles: ["/testFile"],
      reorderTasks: false,
      taskPerNodeOffset: 1,
      reorderTasksRandom: 0,
      reorderTasksRandomSeed: 0,
      randomOffset: 0,
      randomOffsetSeed: 0,
      randomPrefillBytes: 0,
      stonewallWearOut: false,
      minTimeS: 0,
      intraTestBarriers: false,
      interTestDelayS: 0,
      repetitions: 1,
      multiFile: false,
      keepFile: false,
      keepFileWithError: false,
      useExistingFile: false,
      fsync: false,
      fsyncPerWrite: false,
      packetType: "timestamp",
      signature: 0,
      outlierThresholdS: 0,
      refNum: 0,
      queueDepth: 1,
    });
  });
});
