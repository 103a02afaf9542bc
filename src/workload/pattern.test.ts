import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MiB } from "../core/units.ts";
import { type PacketType, packetTypes } from "./common-options.ts";
import { type FileKey, fileKey, firstWrongByte, PatternBuffer } from "./pattern.ts";

function dataOf(length: number, fileOffset: number, key: FileKey, generation: number): Uint8Array {
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

describe.each(packetTypes)("pattern %s", (type) => {
  const file = fileKey("/testFile", 1, type);
  const data = (length: number, fileOffset: number, generation = 0) => dataOf(length, fileOffset, file, generation);

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
          expect(Buffer.compare(buffer.bytes.subarray(0, length), data(length, offset, generation))).toBe(0);
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

  it("has zeros, other generations and other offsets found", () => {
    expect(firstWrongByte(new Uint8Array(512), 512, file, 0, 0)).toBe(0);
    expect(firstWrongByte(data(4096, 0, 0), 4096, file, 1, 0)).not.toBe(-1);
    expect(firstWrongByte(data(4096, 4096), 4096, file, 0, 0)).not.toBe(-1);
  });
});

describe("pattern", () => {
  const file = fileKey("/testFile", 1);
  const data = (length: number, fileOffset: number, key = file, generation = 0) =>
    dataOf(length, fileOffset, key, generation);

  it("is between the stamps what its type says", () => {
    const words = (type: PacketType, fileOffset: number) => {
      const bytes = dataOf(1024, fileOffset, fileKey("/f", 0, type), 0);
      return Array.from(new BigUint64Array(bytes.buffer), Number);
    };
    const far = 2 ** 40 + 65536;
    const behindStamps = (all: number[]) => all.filter((_, word) => word % 64 !== 0);
    expect(behindStamps(words("timestamp", far))).toEqual(behindStamps(Array.from({ length: 128 }, (_, i) => i)));
    expect(behindStamps(words("offset", far))).toEqual(
      behindStamps(Array.from({ length: 128 }, (_, i) => far + 8 * i)),
    );
    expect(behindStamps(words("incompressible", 0))).toEqual(behindStamps(words("incompressible", 65536)));
    const random = [...behindStamps(words("random", 0)), ...behindStamps(words("random", 65536))];
    expect(new Set(random).size).toBe(2 * 126);
  });

  it.each([
    ["timestamp", 0, 0.3],
    ["offset", 0, 0.3],
    ["incompressible", 0.99, 1.01],
    ["random", 0.99, 1.01],
  ] as const)("%s shrinks as its name says", (type, least, most) => {
    const bytes = dataOf(60 * 1024, 0, fileKey("/f", 0, type), 0);
    const ratio = deflateRawSync(bytes).length / bytes.length;
    expect(ratio).toBeGreaterThan(least);
    expect(ratio).toBeLessThan(most);
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
