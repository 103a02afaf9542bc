import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mountMissing, mountTmpfs } from "../../test/small-tmpfs.ts";
import { BenchError } from "../core/errors.ts";
import { claimStorageDirectory } from "./storage-directory.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync("/tmp/benchfs-directory-");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const format = { serverIndex: 1, servers: 4 };

function failure(path: string, of = format): BenchError {
  try {
    claimStorageDirectory(path, of);
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    expect((error as BenchError).code).toBe("ERR_STORAGE");
    return error as BenchError;
  }
  throw new Error(`${path} was accepted`);
}

describe("a storage directory", () => {
  it("is made, and accepted again by the same server", () => {
    const path = join(parent, "new");
    claimStorageDirectory(path, format);
    claimStorageDirectory(path, format);
    expect(JSON.parse(readFileSync(join(path, "format.json"), "utf8"))).toEqual({
      format: "benchfs",
      version: 2,
      serverIndex: 1,
      servers: 4,
      chunkBytes: 4194304,
    });
  });

  it("is refused when its parent is missing, or it is no directory: path, errno, what to do", () => {
    const missing = join(parent, "a", "b");
    expect(failure(missing)).toMatchObject({ where: { path: missing, errno: "ENOENT" } });
    expect(failure(missing).message).toContain("create its parent directories first");
    const file = join(parent, "file");
    writeFileSync(file, "");
    expect(failure(file)).toMatchObject({ where: { path: file, errno: "ENOTDIR" } });
  });

  it("is refused when it has other files, or is of another server, layout or version", () => {
    const path = join(parent, "mine");
    mkdirSync(path);
    writeFileSync(join(path, "thesis.tex"), "");
    expect(failure(path).message).toContain("thesis.tex");
    rmSync(join(path, "thesis.tex"));
    claimStorageDirectory(path, format);
    expect(failure(path, { serverIndex: 0, servers: 4 }).message).toContain("serverIndex is 1, this server's 0");
    expect(failure(path, { serverIndex: 1, servers: 5 }).message).toContain("servers is 4, this server's 5");
    const file = join(path, "format.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"version":2', '"version":3'));
    expect(failure(path).message).toContain("version is 3");
    writeFileSync(file, "{");
    expect(failure(path).message).toContain("cannot be read");
  });

  it.skipIf(mountMissing)("is refused when it is read-only", () => {
    const small = mountTmpfs(1);
    execFileSync("mount", ["-o", "remount,ro", small.path]);
    expect(failure(small.path)).toMatchObject({ where: { errno: "EROFS" } });
    small.unmount();
  });
});
