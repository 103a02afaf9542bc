import { constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FileSystemError } from "./file-system.ts";
import { PosixFileSystem } from "./posix.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = constants;
let root: string;
let files: PosixFileSystem;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "posix-"));
  files = new PosixFileSystem(root);
});
afterEach(() => rmSync(root, { recursive: true }));

it("writes, reads, and reads less at the end", async () => {
  const file = await files.open("/f", O_RDWR | O_CREAT);
  expect(await file.write(Uint8Array.of(9, 1, 2, 3), 1, 3, 5)).toEqual({ bytesWritten: 3 });
  const buffer = new Uint8Array(10).fill(7);
  expect(await file.read(buffer, 1, 9, 4)).toEqual({ bytesRead: 4 });
  expect([...buffer]).toEqual([7, 0, 1, 2, 3, 7, 7, 7, 7, 7]);
  expect(await file.stat()).toMatchObject({ kind: "file", size: 8, mode: 0o644 });
  await file.sync();
  await file.close();
  expect(await files.stat("/f")).toMatchObject({ size: 8 });
});

it("lists and removes", async () => {
  await files.mkdir("/d");
  await (await files.open("/d/f", O_WRONLY | O_CREAT)).close();
  expect(await files.readdir("/")).toEqual([{ name: "d", kind: "directory" }]);
  expect(await files.readdir("/d")).toEqual([{ name: "f", kind: "file" }]);
  const pages: unknown[] = [];
  for await (const page of files.readdirPart("/d", 0)) pages.push(page);
  expect(pages).toEqual([[{ name: "f", kind: "file" }]]);
  await files.unlink("/d/f");
  await files.rmdir("/d");
  expect(await files.readdir("/")).toEqual([]);
});

it("reports the kernel's errors in the common shape", async () => {
  const error = await files.stat("/missing").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(FileSystemError);
  expect(error).toMatchObject({ code: "ENOENT", errno: -2, syscall: "stat", path: "/missing", serverRank: undefined });
  await files.mkdir("/d");
  await (await files.open("/f", O_WRONLY | O_CREAT)).close();
  await expect(files.open("/f", O_RDWR | O_CREAT | O_EXCL)).rejects.toMatchObject({ code: "EEXIST" });
  await expect(files.rmdir("/")).rejects.toMatchObject({ code: "EBUSY" });
  await expect(files.rmdir("/f")).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(files.unlink("/d")).rejects.toMatchObject({ code: "EISDIR" });
  await expect(files.stat(`/${"n".repeat(256)}`)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  const file = await files.open("/f", O_RDONLY);
  await expect(file.write(new Uint8Array(1), 0, 1, 0)).rejects.toMatchObject({ code: "EBADF", syscall: "write" });
  await expect(file.read(new Uint8Array(1), 0, 2, 0)).rejects.toMatchObject({ code: "EINVAL" });
  await expect(file.read(new Uint8Array(1), 0, 1, -1)).rejects.toMatchObject({ code: "EINVAL" });
  await file.close();
  await expect(file.close()).rejects.toMatchObject({ code: "EBADF", syscall: "close" });
});

it.each(["", "f", "/d/", "//f", "/./f", "/d/..", "/../etc", "/a\0b", "/\ud800"])(
  "refuses the path %j, which could leave the directory or mean another name",
  async (path) => {
    await expect(files.stat(path)).rejects.toMatchObject({ code: "EINVAL" });
  },
);

it.each(["/...", "/.hidden", "/a..b", "/日本語😀"])("takes the name %j", async (path) => {
  await files.mkdir(path);
  expect((await files.readdir("/")).map((entry) => `/${entry.name}`)).toEqual([path]);
});

it("refuses a path longer than 4,096 bytes, however few its characters", async () => {
  await expect(files.stat("/日本語".repeat(410))).rejects.toMatchObject({ code: "ENAMETOOLONG" });
});
