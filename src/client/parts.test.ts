import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../core/limits.ts";
import { ArenaAllocator } from "./arena-allocator.ts";
import { BounceBuffers } from "./bounce-buffers.ts";
import { DirectoryCache } from "./directory-cache.ts";
import { decodeEntries } from "./directory-page.ts";
import type { DirectoryEntry } from "./file-system.ts";
import { directoryOf, nameOf, pathStatus } from "./path.ts";
import { pieceAt, pieceCount } from "./pieces.ts";
import { windowed } from "./windowed.ts";

describe("pieces", () => {
  const pieceBytes = fc.constantFrom(chunkBytes, chunkBytes / 4);
  const position = fc.oneof(
    fc.nat(3 * chunkBytes),
    fc.maxSafeNat().map((n) => Math.floor(n / 2)),
  );
  const length = fc.nat(3 * chunkBytes);

  it("cover the request without gap or overlap, each within one chunk and no larger than allowed", () => {
    const property = fc.property(position, length, pieceBytes, (position, length, pieceBytes) => {
      const count = pieceCount(position, length, pieceBytes);
      let next = 0;
      for (let index = 0; index < count; index++) {
        const piece = pieceAt(position, length, pieceBytes, index);
        expect(piece.start).toBe(next);
        expect(piece.bytes).toBeGreaterThan(0);
        expect(piece.bytes).toBeLessThanOrEqual(pieceBytes);
        expect(piece.chunk * chunkBytes + piece.offsetBytes).toBe(position + piece.start);
        expect(piece.offsetBytes + piece.bytes).toBeLessThanOrEqual(chunkBytes);
        next += piece.bytes;
      }
      expect(next).toBe(length);
    });
    fc.assert(property);
  });
});

describe("windowed", () => {
  it("starts in order, never more than the window, and waits for all", async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await windowed(20, 3, async (index) => {
      started.push(index);
      most = Math.max(most, ++running);
      for (let i = 0; i <= index % 4; i++) await turn();
      running--;
    });
    expect(started).toEqual([...Array(20).keys()]);
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  it("rejects with the first failure, after what had been started, and starts nothing more", async () => {
    const ended: number[] = [];
    const run = windowed(20, 3, async (index) => {
      await turn();
      if (index === 1) throw new Error("first");
      await turn();
      ended.push(index);
      if (index === 2) throw new Error("second");
    });
    await expect(run).rejects.toThrow("first");
    expect(ended.sort()).toEqual([0, 2]);
  });

  it("does nothing for nothing", async () => {
    await windowed(0, 3, () => Promise.reject(new Error("called")));
  });
});

describe("ArenaAllocator", () => {
  it("gives aligned ranges of the region that do not overlap, until it has none left", () => {
    const arena = new Uint8Array(64 * 1024);
    const allocator = new ArenaAllocator(arena, { offset: 5000, bytes: 20_000 });
    const a = allocator.allocate(1);
    const b = allocator.allocate(4097);
    expect([a.byteOffset, a.length]).toEqual([8192, 1]);
    expect([b.byteOffset, b.length]).toEqual([12_288, 4097]);
    expect(() => allocator.allocate(4521)).toThrow(/4521 B .* 4520 B left/);
    expect(allocator.allocate(4520).byteOffset).toBe(20_480);
    expect(() => allocator.allocate(1)).toThrow(/0 B left/);
  });
});

it("BounceBuffers give each buffer to one taker, the first first", async () => {
  const bounceBuffers = new BounceBuffers([new Uint8Array(1), new Uint8Array(1)]);
  const [a, b] = await Promise.all([bounceBuffers.take(), bounceBuffers.take()]);
  expect(a).not.toBe(b);
  const order: string[] = [];
  const third = bounceBuffers.take().then(() => order.push("third"));
  const fourth = bounceBuffers.take().then(() => order.push("fourth"));
  await turn();
  expect(order).toEqual([]);
  bounceBuffers.give(a!);
  await third;
  bounceBuffers.give(b!);
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
});

it("DirectoryCache forgets what was used longest ago", () => {
  const cache = new DirectoryCache(2);
  cache.set("/a", 1);
  cache.set("/b", 2);
  expect(cache.get("/a")).toBe(1);
  cache.set("/c", 3);
  expect([cache.get("/a"), cache.get("/b"), cache.get("/c")]).toEqual([1, undefined, 3]);
  cache.delete("/c");
  expect(cache.get("/c")).toBeUndefined();
  cache.set("/a", 4);
  expect(cache.get("/a")).toBe(4);
});

describe("paths", () => {
  it.each([
    ["/f", "", "f"],
    ["/d/e/f", "/d/e", "f"],
    ["/", "", ""],
  ])("%s is in %j under the name %j", (path, directory, name) => {
    expect(pathStatus(path)).toBe(0);
    expect(directoryOf(path)).toBe(directory);
    expect(nameOf(path)).toBe(name);
  });
});

it("decodes a page of entries up to its last name, which does not change with the page", () => {
  const name = new TextEncoder().encode("日本");
  const page = Uint8Array.of(2, 1, 0x64, 1, name.length, ...name);
  const entries: DirectoryEntry[] = [];
  const cursor = decodeEntries(page, entries);
  page.fill(0);
  expect(entries).toEqual([
    { name: "d", kind: "directory" },
    { name: "日本", kind: "file" },
  ]);
  expect([...cursor]).toEqual([...name]);
  expect(decodeEntries(new Uint8Array(0), [])).toHaveLength(0);
});
