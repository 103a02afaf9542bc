import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWorkload, wrapFileSystem } from "../../test/run-workload.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { BenchError } from "../core/errors.ts";
import type { PhaseResult } from "../report/results.ts";
import { mdtest } from "./mdtest.ts";

let root: string;
let fs: PosixFileSystem;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mdtest-"));
  fs = new PosixFileSystem(root);
});
afterEach(() => rmSync(root, { recursive: true }));

/** All paths below the root, in order. */
function tree(): string[] {
  return (readdirSync(root, { recursive: true }) as string[]).sort();
}

function facts({ phase, iteration, figures, valid }: PhaseResult): unknown[] {
  const { ops, bytes, errors, verifyErrors } = figures ?? {};
  return [phase, iteration, ops, bytes, errors, verifyErrors, valid];
}

describe("mdtest", () => {
  it("makes, stats, reads and removes directories, then files, and leaves only its directory", async () => {
    const { rows } = await runWorkload(mdtest, "-n 5 -w 100 -e 100", { fs, clients: 3 });
    expect(rows.map(facts)).toEqual([
      ["tree-create", 0, 1, 0, 0, 0, true],
      ["directory-create", 0, 15, 0, 0, 0, true],
      ["directory-stat", 0, 15, 0, 0, 0, true],
      ["directory-remove", 0, 15, 0, 0, 0, true],
      ["file-create", 0, 15, 1500, 0, 0, true],
      ["file-stat", 0, 15, 0, 0, 0, true],
      ["file-read", 0, 15, 1500, 0, 0, true],
      ["file-remove", 0, 15, 0, 0, 0, true],
      ["tree-remove", 0, 1, 0, 0, 0, true],
    ]);
    expect(tree()).toEqual(["out"]);
  });

  it("uses mdtest's names in a shared directory", async () => {
    await runWorkload(mdtest, "-n 2 -C -d a/b -i 2", { fs, clients: 2 });
    const items = [0, 1].flatMap((rank) =>
      [0, 1].flatMap((item) => [`dir.mdtest.${rank}.${item}`, `file.mdtest.${rank}.${item}`]),
    );
    const expected = [0, 1].flatMap((iteration) => {
      const base = `a/b/test-dir.${iteration}-0`;
      return [base, `${base}/mdtest_tree.0`, ...items.map((item) => `${base}/mdtest_tree.0/${item}`)];
    });
    expect(tree()).toEqual(["a", "a/b", ...expected].sort());
  });

  it("uses mdtest's names in a directory for each client", async () => {
    const { rows } = await runWorkload(mdtest, "-n 1 -F -C -u", { fs, clients: 2 });
    const base = "out/test-dir.0-0";
    expect(tree().slice(2)).toEqual([
      `${base}/mdtest_tree.0.0`,
      `${base}/mdtest_tree.0.0/file.mdtest.0.0`,
      `${base}/mdtest_tree.1.0`,
      `${base}/mdtest_tree.1.0/file.mdtest.1.0`,
    ]);
    expect(facts(rows[0]!)).toEqual(["tree-create", 0, 2, 0, 0, 0, true]);
    const removed = await runWorkload(mdtest, "-F -n 1 -u -r", { fs, clients: 2 });
    expect(removed.rows.map(facts)).toEqual([
      ["file-remove", 0, 2, 0, 0, 0, true],
      ["tree-remove", 0, 2, 0, 0, 0, true],
    ]);
    expect(tree()).toEqual(["out"]);
  });

  it("works on the items of other clients with -N, further on in each phase", async () => {
    const calls: string[] = [];
    const { rows } = await runWorkload(mdtest, "-n 1 -F -N 1 -w 3901 -e 3901 -X", {
      fs,
      clients: 4,
      adapt: (context) => {
        const log = (call: string, path: string) =>
          calls.push(`${call} ${context.group.index}: ${path.split("/").at(-1)}`);
        const watched = wrapFileSystem(fs, () => ({}), {
          stat(path) {
            log("stat", path);
            return fs.stat(path);
          },
          unlink(path) {
            log("unlink", path);
            return fs.unlink(path);
          },
        });
        return { ...context, fs: watched };
      },
    });
    expect(rows.every(({ valid }) => valid)).toBe(true);
    expect(calls.sort()).toEqual([
      ...[1, 2, 3, 0].map((rank, client) => `stat ${client}: file.mdtest.${rank}.0`),
      ...[3, 0, 1, 2].map((rank, client) => `unlink ${client}: file.mdtest.${rank}.0`),
    ]);
  });

  it("counts a file that is missing on stat, on read and on remove", async () => {
    await runWorkload(mdtest, "-n 3 -F -C", { fs, clients: 2 });
    unlinkSync(join(root, "out/test-dir.0-0/mdtest_tree.0/file.mdtest.1.2"));
    const { rows } = await runWorkload(mdtest, "-n 3 -F -T -E -r", { fs, clients: 2 });
    expect(rows.map(facts)).toEqual([
      ["file-stat", 0, 5, 0, 1, 0, false],
      ["file-read", 0, 5, 0, 1, 0, false],
      ["file-remove", 0, 5, 0, 1, 0, false],
      ["tree-remove", 0, 1, 0, 0, 0, true],
    ]);
    expect(rows[2]!.reason).toBe(
      "1 failed operation; first on client 1 (h0): ENOENT: unlink '/out/test-dir.0-0/mdtest_tree.0/file.mdtest.1.2'",
    );
  });

  it("counts a directory that is not empty when the tree is removed", async () => {
    mkdirSync(join(root, "out/test-dir.0-0"), { recursive: true });
    writeFileSync(join(root, "out/test-dir.0-0/stray"), "");
    const { rows } = await runWorkload(mdtest, "-n 1 -D", { fs, clients: 2 });
    expect(rows.map(({ valid }) => valid)).toEqual([true, true, true, true, false]);
    expect(rows[4]!.reason).toContain("ENOTEMPTY: rmdir '/out/test-dir.0-0'");
  });

  it("finds a wrong size, wrong data, and files that changed places", async () => {
    const create = "-n 2 -F -C -w 700";
    await runWorkload(mdtest, create, { fs, clients: 2 });
    const path = (rank: number, item: number) =>
      join(root, `out/test-dir.0-0/mdtest_tree.0/file.mdtest.${rank}.${item}`);
    const first = readFileSync(path(0, 0));
    writeFileSync(path(0, 0), readFileSync(path(1, 0)));
    writeFileSync(path(1, 0), first);
    const flipped = readFileSync(path(1, 1));
    flipped[699]! ^= 4;
    writeFileSync(path(1, 1), flipped);
    const { rows } = await runWorkload(mdtest, "-n 2 -F -E -e 700 -X", { fs, clients: 2 });
    expect(rows.map(facts)).toEqual([["file-read", 0, 4, 2800, 0, 3, false]]);
    const again = await runWorkload(mdtest, "-n 2 -F -E -e 701", { fs, clients: 2 });
    expect(again.rows[0]!.reason).toMatch(/^4 failed operations; .* short read: 700 of 701 bytes of /);
    const longer = wrapFileSystem(fs, () => ({}), {
      async stat(name) {
        return { ...(await fs.stat(name)), size: 1 };
      },
    });
    const stats = await runWorkload(mdtest, "-n 2 -F -C -T -w 700 -d other", { fs: longer, clients: 1 });
    expect(stats.rows[2]!.figures!.verifyErrors).toBe(2);
    expect(stats.rows[2]!.reason).toContain("file.mdtest.0.0 has 1 bytes instead of 700");
  });

  it("finds that a read left the buffer as it was", async () => {
    const idle = wrapFileSystem(fs, () => ({ read: async (_, __, length) => ({ bytesRead: length }) }));
    const { rows } = await runWorkload(mdtest, "-n 1 -F -C -E -w 100 -e 100 -X", { fs: idle, clients: 1 });
    expect(rows[2]!.figures!.verifyErrors).toBe(1);
  });

  it("keeps several operations in flight, and every lane's data apart", async () => {
    let inFlight = 0;
    let inFlightMax = 0;
    const slow = wrapFileSystem(fs, (file) => ({
      async write(buffer, offset, length, position) {
        inFlightMax = Math.max(inFlightMax, ++inFlight);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inFlight--;
        return file.write(buffer, offset, length, position);
      },
    }));
    const command = "-n 20 -F -w 3901 -e 3901 -X -y --queue-depth 4";
    const { rows } = await runWorkload(mdtest, command, { fs: slow, clients: 1 });
    expect(inFlightMax).toBe(4);
    expect(rows.every(({ valid }) => valid)).toBe(true);
  });

  it("has both of mdtest's rates", async () => {
    const { rows, ranks } = await runWorkload(mdtest, "-n 200 -F -C", { fs, clients: 2 });
    expect(statSync(join(root, "out")).isDirectory()).toBe(true);
    const timesS = ranks[1]!.map(({ operationsStartS, operationsStopS }) => operationsStopS - operationsStartS);
    expect(rows[1]!.figures!.slowestRate).toBeCloseTo(2 * Math.min(...timesS.map((timeS) => 200 / timeS)), 3);
    expect(rows[1]!.figures!.totalRate).toBeCloseTo(400 / Math.max(...timesS), 3);
  });
});

describe("mdtest options", () => {
  it.each([
    ["-F", "-n or -I is required"],
    ["-n 0", "--items"],
    ["-n 5 -e 10", "-e 10 reads more than the 0 bytes that -w writes"],
    ["-n 5 -c", "-c is not supported: one client would do the work of all"],
    ["-n 5 --runCmdBeforePhase x", "--run-cmd-before-phase is not supported"],
    ["-n 5 --run-cmd-before-phase x", "--run-cmd-before-phase is not supported: a process that speaks to a network"],
    ["-n 5 -z 30 -b 2", "-b 2 -z 30 is a tree of more than 16777216 directories"],
    ["-n 5 -z 64 -b 1000000", "is a tree of more than 16777216 directories"],
    ["-n 5 -z 2 -b 2", "-n 5 is less than one item for each directory of the tree"],
    ["-I 9000000000000000 -z 2 -b 2", "-I makes more items than can be counted"],
    ["-n 5 -I 2", "-n 5 is no multiple of -I 2"],
    ["-n 4 -I 2 -u", "it excludes -u and -z"],
    ["-n 4 -I 2 -z 1", "it excludes -u and -z"],
    ["-n 4 -S -u", "-S and -u exclude each other"],
    ["-n 4 -S -D", "-S is about files: it excludes -D"],
    ["-n 4 -d a@b", "-d with several paths (a@b) deals them to the clients' trees: it needs -u"],
    ["-n 4 -d a@b -u -N 1", "-N and several paths of -d exclude each other"],
    ["-n 4 -X", "-X checks what -E -e N reads, and there is nothing"],
    ["-n 4 -T -e 5 -X", "-X checks what -E -e N reads, and there is nothing"],
    ["-n 4 --verify-write", "--verify-write checks what -C -w N writes, and there is nothing"],
    ["-n 4 -W 1 -z 1", "-W stops in the middle of the items, so they must be in one directory"],
    ["-n 4 -W 1 -T", "-W stops the creation of files, and there is none"],
    ["-n 4 -W 1 -D", "-W stops the creation of files, and there is none"],
    ["-n 4 -x status", "-x with -C stores where -W stopped: it needs -W"],
    ["-n 4 -x status -T -z 1", "-x holds one number for items in one directory"],
    ["-n 4 -d a@..", "is no path within the file system under test"],
    ["-n 5 -d ..", "is no path within the file system under test"],
  ])("refuses %s", (command, message) => {
    expect(() => mdtest.parse(command.split(" "))).toThrow(BenchError);
    expect(() => mdtest.parse(command.split(" "))).toThrow(message);
  });

  it("counts items as mdtest does: of the tree, of each directory, or of several trees", () => {
    const counts = (command: string) => {
      const { items, itemsPerDirectory, trees } = mdtest.parse(command.split(" "));
      return [items, itemsPerDirectory, trees];
    };
    expect(counts("-n 10")).toEqual([10, 10, 1]);
    expect(counts("-n 15 -z 2 -b 2")).toEqual([14, 2, 1]);
    expect(counts("-n 15 -z 2 -b 2 -L")).toEqual([12, 3, 1]);
    expect(counts("-n 15 -z 2 -L")).toEqual([15, 15, 1]);
    expect(counts("-I 3 -z 2 -b 2")).toEqual([21, 3, 1]);
    expect(counts("-I 3 -z 2 -b 2 -L")).toEqual([12, 3, 1]);
    expect(counts("-n 12 -I 3")).toEqual([12, 3, 4]);
  });

  it("tests files and directories unless one is chosen, and all operations unless some are", () => {
    expect(mdtest.parse(["-n1"])).toMatchObject({ files: true, directories: true, create: true, remove: true });
    expect(mdtest.parse(["-n1", "-F", "-CT"])).toMatchObject({
      directories: false,
      create: true,
      stat: true,
      read: false,
    });
  });
});
