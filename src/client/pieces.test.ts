import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../core/limits.ts";
import { pieceAt, pieceCount } from "./pieces.ts";

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
