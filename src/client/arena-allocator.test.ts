import { describe, expect, it } from "vitest";
import { ArenaAllocator } from "./arena-allocator.ts";

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
