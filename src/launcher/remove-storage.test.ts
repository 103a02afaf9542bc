import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readStorage } from "./config.ts";
import { removeStorage } from "./remove-storage.ts";

const folder = mkdtempSync(join(tmpdir(), "benchfs-remove-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("removes what a dead rank left in each storage path, and nothing that is not ours", () => {
  for (const [name, format] of [
    ["a/rank-1", "benchfs"],
    ["a/rank-2", "something else"],
    ["b/rank-1", "benchfs"],
    ["b/rank-11", "benchfs"],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, "format.json"), JSON.stringify({ format }));
    writeFileSync(join(folder, name, "chunks.0"), "data");
  }
  const left = () => ["a", "b"].flatMap((path) => readdirSync(join(folder, path)));
  const words = ["--storage", `${folder}/a,${folder}/b`];

  removeStorage(1, [...words, "--keep"], {});
  removeStorage(0, words, {});
  removeStorage(2, words, {});
  expect(left()).toEqual(["rank-1", "rank-2", "rank-1", "rank-11"]);
  removeStorage(1, words, {});
  expect(left()).toEqual(["rank-2", "rank-11"]);
});

it("removes a path that is the job's own when nothing is left in it", () => {
  const environment = { TMPDIR: folder, PMIX_NAMESPACE: "job" };
  const { storagePaths } = readStorage([], environment);
  const [path] = storagePaths;
  for (const name of ["rank-0", "rank-1"]) {
    mkdirSync(join(path!, name), { recursive: true });
    writeFileSync(join(path!, name, "format.json"), JSON.stringify({ format: "benchfs" }));
  }
  removeStorage(0, [], environment);
  expect(readdirSync(path!)).toEqual(["rank-1"]);
  removeStorage(1, [], environment);
  expect(existsSync(path!)).toBe(false);
});
