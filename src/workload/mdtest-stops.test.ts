import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunOptions, runWorkload, wrapFileSystem } from "../../test/run-workload.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { mdtest } from "./mdtest.ts";

let root: string;
let fs: PosixFileSystem;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mdtest-"));
  fs = new PosixFileSystem(root);
});
afterEach(() => rmSync(root, { recursive: true }));

const run = (command: string, options: Partial<RunOptions> = {}) =>
  runWorkload(mdtest, command, { fs, clients: 2, ...options });

const files = () => readdirSync(join(root, "out/test-dir.0-0/mdtest_tree.0")).sort();

/** Client 1 opens files this slowly. */
const slowOpener: Pick<RunOptions, "adapt"> = {
  adapt: (context) => {
    if (context.group.index !== 1) return context;
    const slow = wrapFileSystem(context.fs, () => ({}), {
      async open(...call) {
        await setTimeout(1);
        return context.fs.open(...call);
      },
    });
    return { ...context, fs: slow };
  },
};

describe("mdtest -W", () => {
  it("creates on all clients as many files as the fastest, and looks at as many", async () => {
    const { rows, ranks } = await run("-n 1000000 -F -W 0.05 -R", slowOpener);
    const phase = (name: string) => rows.findIndex((row) => row.phase === name);
    const made = ranks[phase("file-create")]!.map(({ finished }) => finished);
    expect(made[0]).toBe(made[1]);
    expect(made[0]).toBeLessThan(1_000_000);
    for (const name of ["file-create", "file-stat", "file-read", "file-remove"]) {
      expect(rows[phase(name)]).toMatchObject({ valid: true, figures: { ops: 2 * made[0]! } });
    }
    expect(rows[phase("file-create")]!.figures!.stonewalled).toBe(true);
    expect(rows[phase("file-stat")]!.figures!.stonewalled).toBe(false);
    expect(readdirSync(join(root, "out"))).toEqual([]);
  });

  it("leaves directories alone, and all files if they are made in time", async () => {
    const { rows } = await run("-n 20 -W 60 -C -T");
    expect(rows.map(({ phase, figures }) => [phase, figures!.ops, figures!.stonewalled])).toEqual([
      ["tree-create", 1, false],
      ["directory-create", 40, false],
      ["directory-stat", 40, false],
      ["file-create", 40, false],
      ["file-stat", 40, false],
    ]);
  });

  it("stores with -x how many there are, for a run that does not create", async () => {
    const status = join(root, "status");
    await run(`-n 1000000 -F -C -W 0.02 -x ${status}`, slowOpener);
    const made = Number(readFileSync(status, "utf8"));
    expect(files()).toHaveLength(2 * made);
    const { rows } = await run(`-n 1000000 -F -T -r -x ${status}`);
    expect(rows.map(({ phase, figures }) => [phase, figures!.ops])).toEqual([
      ["file-stat", 2 * made],
      ["file-remove", 2 * made],
      ["tree-remove", 1],
    ]);
    expect(rows.every(({ valid }) => valid)).toBe(true);

    writeFileSync(status, "11");
    const { outcomes } = await run(`-n 10 -F -T -x ${status}`);
    const reason = { code: "ERR_CONFIG", message: `mdtest: 11 files of ${status} are more than -n 10` };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: "rejected", reason });
  });
});

describe("mdtest's data", () => {
  it("are read back at once with --verify-write, which finds what is wrong", async () => {
    const wrong = wrapFileSystem(fs, (file, path) => ({
      async read(buffer, offset, length, position) {
        const result = await file.read(buffer, offset, length, position);
        if (path.endsWith("mdtest.1.2")) buffer[offset + 5]! ^= 1;
        return result;
      },
    }));
    const { rows } = await run("-n 3 -F -C -w 100 --verify-write --queue-depth 2", { fs: wrong });
    expect(rows[1]).toMatchObject({ valid: false, figures: { ops: 6, verifyErrors: 1, bytes: 600 } });
    expect(rows[1]!.reason).toMatch(/wrong byte at offset 5 of .*file\.mdtest\.1\.2$/);
  });

  it("depend on -G and --dataPacketType", async () => {
    await run("-n 2 -F -C -w 600 -G 5 --dataPacketType=random");
    const found = async (options: string) =>
      (await run(`-n 2 -F -E -e 600 -X ${options}`)).rows[0]!.figures!.verifyErrors;
    expect(await found("-G 5 --dataPacketType r")).toBe(0);
    expect(await found("-G 6 --dataPacketType r")).toBe(4);
    expect(await found("-G 5 --dataPacketType t")).toBe(4);
  });

  it("are the same for all clients in shared files, which the first client removes", async () => {
    const { rows } = await run("-n 2 -S -w 600 -e 600 -X -C -E");
    expect(rows.map(({ phase, valid, figures }) => [phase, valid, figures!.ops])).toEqual([
      ["tree-create", true, 1],
      ["file-create", true, 4],
      ["file-read", true, 4],
    ]);
    expect(files()).toEqual(["file.mdtest.shared.0", "file.mdtest.shared.1"]);
    const removed = await run("-n 2 -S -r");
    expect(removed.rows[0]).toMatchObject({ phase: "file-remove", valid: true, figures: { ops: 2 } });
  });
});

it("mdtest waits with -p before directories and before files", async () => {
  const startMs = performance.timeOrigin + performance.now();
  const { rows } = await run("-n 1 -p 0.15 -C");
  const [, directories, made] = rows.map(({ figures }) => figures!.dateMs);
  expect(directories! - startMs).toBeGreaterThanOrEqual(150);
  expect(made! - directories!).toBeGreaterThanOrEqual(150);
});

it("mdtest makes a deep tree with many operations in flight", async () => {
  const { rows } = await run("-I 2 -z 3 -b 3 -u --queue-depth 8");
  expect(rows.map(({ phase, valid, figures }) => [phase, valid, figures!.ops])).toEqual([
    ["tree-create", true, 80],
    ["directory-create", true, 160],
    ["directory-stat", true, 160],
    ["directory-remove", true, 160],
    ["file-create", true, 160],
    ["file-stat", true, 160],
    ["file-read", true, 160],
    ["file-remove", true, 160],
    ["tree-remove", true, 80],
  ]);
  expect(readdirSync(root)).toEqual(["out"]);
});
