import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MiB } from "../core/units.ts";
import { fileKey, firstWrongByte, PatternBuffer } from "./pattern.ts";

const file = fileKey("/testFile", 1);

function data(length: number, fileOffset: number, key = file, generation = 0): Uint8Array {
  const buffer = new PatternBuffer(new Uint8Array(length));
  buffer.fill(length, key, generation, fileOffset);
  return buffer.bytes;
}

/** Offsets near the start, near 2^32 blocks and far out, aligned to anything or to nothing. */
const offsets = fc.oneof(
  fc.nat(3000),
  fc.nat(3000).map((n) => 2 ** 41 - 1500 + n),
  fc.nat(2 ** 31 - 1).map((n) => n * 47008),
  fc.nat(2 ** 20).map((n) => n * 4 * MiB),
);

describe("pattern", () => {
  it("is a function of the absolute offset: any range is a part of any larger one", () => {
    fc.assert(
      fc.property(offsets, fc.nat(2000), fc.integer({ min: 1, max: 3000 }), (start, before, length) => {
        const whole = data(before + length + 700, start);
        expect(Buffer.compare(data(length, start + before), whole.subarray(before, before + length))).toBe(0);
      }),
    );
  });

  it("does not depend on what its buffer held before, nor on the buffer's alignment", () => {
    const memory = new Uint8Array(8192 + 3);
    const reused = [new PatternBuffer(memory.subarray(0, 4096)), new PatternBuffer(memory.subarray(4097, 8193))];
    fc.assert(
      fc.property(
        offsets,
        fc.integer({ min: 1, max: 4096 }),
        fc.nat(3),
        fc.nat(1),
        (offset, length, generation, which) => {
          const buffer = reused[which]!;
          buffer.fill(length, file, generation, offset);
          expect(Buffer.compare(buffer.bytes.subarray(0, length), data(length, offset, file, generation))).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("finds one flipped bit anywhere, and names the byte", () => {
    fc.assert(
      fc.property(offsets, fc.integer({ min: 1, max: 5000 }), fc.nat(), fc.nat(7), (offset, length, where, bit) => {
        const bytes = data(length, offset);
        expect(firstWrongByte(bytes, length, file, 0, offset)).toBe(-1);
        bytes[where % length]! ^= 1 << bit;
        expect(firstWrongByte(bytes, length, file, 0, offset)).toBe(where % length);
      }),
    );
  });

  it("finds a wrong byte at the end of 64 MiB, and behind every megabyte before it", () => {
    const bytes = data(64 * MiB, 5);
    expect(firstWrongByte(bytes, bytes.length, file, 0, 5)).toBe(-1);
    for (const where of [64 * MiB - 1, 17 * MiB + 1, 1 * MiB, 1 * MiB - 1, 0]) {
      bytes[where]! ^= 0x80;
      expect(firstWrongByte(bytes, bytes.length, file, 0, 5)).toBe(where);
    }
  });

  it("finds blocks that changed places, also 64 KiB and 2 TiB apart", () => {
    for (const distance of [512, 64 * 1024, 4 * MiB, 2 ** 41]) {
      expect(firstWrongByte(data(512, distance), 512, file, 0, 0)).not.toBe(-1);
    }
  });

  it("finds the data of another iteration, of another file and of another seed", () => {
    expect(firstWrongByte(data(4096, 0, file, 0), 4096, file, 1, 0)).not.toBe(-1);
    expect(firstWrongByte(data(4096, 0, fileKey("/testFile2", 1)), 4096, file, 0, 0)).not.toBe(-1);
    expect(firstWrongByte(data(4096, 0, fileKey("/testFile", 2)), 4096, file, 0, 0)).not.toBe(-1);
  });

  it("finds zeros where data should be", () => {
    expect(firstWrongByte(new Uint8Array(512), 512, file, 0, 0)).toBe(0);
  });

  it("has stamps of its own for every block of many files", () => {
    const seen = new Set<string>();
    for (let rank = 0; rank < 50; rank++) {
      const bytes = Buffer.from(data(200 * 512, 0, fileKey(`/testFile.${String(rank).padStart(8, "0")}`, 0)));
      for (let at = 0; at < bytes.length; at += 512) seen.add(bytes.toString("hex", at, at + 8));
    }
    expect(seen.size).toBe(50 * 200);
  });
});
