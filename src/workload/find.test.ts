import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWorkload, wrapFileSystem } from "../../test/run-workload.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { Find, type FindQuery } from "./find.ts";
import { runPhases } from "./runner.ts";
import type { WorkloadDefinition } from "./workload.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "find-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const query = { directory: "/t", newerThan: "/t/stamp", bytes: 7, nameContains: "01" };

/** A search as a workload of its own. @param expected Of each client. */
function searching(expected: readonly number[]): WorkloadDefinition<object> {
  return {
    name: "find",
    about: "",
    usage: "",
    examples: [],
    options: [],
    parse: () => ({}),
    run(context) {
      const own: FindQuery = { ...query, expected: expected[context.group.index]! };
      const shape = { workload: "find", options: { queueDepth: 1 }, parameters: {}, innerBarriers: false, remarks: "" };
      const work = () => new Find(context.fs, context.group, own);
      return runPhases(context, shape, [{ phase: "find", kind: "items", iteration: 0, work }]);
    },
  };
}

/** Writes a file whose age in seconds tells whether it is newer than the stamp, which is 100 s old. */
function file(path: string, bytes: number, ageS: number): void {
  writeFileSync(join(root, path), "x".repeat(bytes));
  const timeS = Date.now() / 1000 - ageS;
  utimesSync(join(root, path), timeS, timeS);
}

describe("find", () => {
  beforeEach(() => {
    for (const directory of ["t", "t/a", "t/a/b", "t/c", "t/empty"]) mkdirSync(join(root, directory));
    file("t/stamp", 0, 100);
    file("t/f01", 7, 10);
    file("t/a/01f", 7, 10);
    file("t/a/b/f01f", 7, 10);
    file("t/c/x01", 7, 200); // older
    file("t/c/y01", 8, 10); // larger
    file("t/c/f10", 7, 10); // another name
    mkdirSync(join(root, "t/c/01")); // no file
  });
  // Files 7, directories 5 below the first.
  const entries = 12;

  it.each([1, 2, 3])("with %i clients looks at each entry once, and matches name, size and age", async (clients) => {
    const expected = [3, ...new Array<number>(clients - 1).fill(0)];
    const { rows } = await runWorkload(searching(expected), "", { fs: new PosixFileSystem(root), clients });
    expect(rows).toMatchObject([{ valid: true, reason: "", figures: { ops: entries, errors: 0 } }]);
  });

  it("shares the parts of a directory among the clients", async () => {
    const whole = new PosixFileSystem(root);
    const listed: string[] = [];
    const { rows } = await runWorkload(searching([2, 1]), "", {
      fs: whole,
      clients: 2,
      adapt: (context) => ({
        ...context,
        // Three parts, by the first letter of a name.
        fs: wrapFileSystem(whole, () => ({}), {
          directoryParts: 3,
          async *readdirPart(path, part) {
            listed.push(`${path} ${part} by ${context.group.index}`);
            for await (const page of whole.readdirPart(path, 0)) {
              yield page.filter(({ name }) => name.charCodeAt(0) % 3 === part);
            }
          },
        }),
      }),
    });
    expect(rows).toMatchObject([{ valid: true, figures: { ops: entries } }]);
    expect(listed.filter((line) => line.startsWith("/t ")).sort()).toEqual(["/t 0 by 0", "/t 1 by 1", "/t 2 by 0"]);
    expect(listed).toHaveLength(3 * 6);
    expect(new Set(listed.map((line) => line.slice(0, -5))).size).toBe(listed.length);
  });

  it("says how many are missing", async () => {
    const { rows } = await runWorkload(searching([2, 2]), "", { fs: new PosixFileSystem(root), clients: 2 });
    expect(rows).toMatchObject([{ valid: false, reason: expect.stringContaining("matched 3 of 4 files in /t") }]);
  });

  it("goes on when a directory cannot be listed, and counts that", async () => {
    const whole = new PosixFileSystem(root);
    const broken = wrapFileSystem(whole, () => ({}), {
      readdirPart: (path, part) => whole.readdirPart(path === "/t/a" ? "/missing" : path, part),
    });
    const { rows } = await runWorkload(searching([1, 0]), "", { fs: broken, clients: 2 });
    expect(rows).toMatchObject([
      { valid: false, reason: expect.stringContaining("ENOENT: readdir '/missing'"), figures: { ops: 9, errors: 1 } },
    ]);
  });

  it("ends everywhere when the stamp is missing: nothing is newer", async () => {
    rmSync(join(root, "t/stamp"));
    const { rows } = await runWorkload(searching([3, 0]), "", { fs: new PosixFileSystem(root), clients: 2 });
    expect(rows).toMatchObject([{ valid: false, reason: expect.stringMatching(/^3 failed operations.*ENOENT/) }]);
  });
});
