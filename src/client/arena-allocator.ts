import { BenchError } from "../core/errors.ts";
import { formatSize } from "../core/units.ts";

/** Alignment of payload memory: a page, and what O_DIRECT asks for. */
const alignBytes = 4096;

/** Hands out ranges of a region of the arena, one after the other; they live as long as the arena. */
export class ArenaAllocator {
  readonly #arena: Uint8Array;
  readonly #endOffset: number;
  #nextOffset: number;

  /** @param region Byte offset and length within `arena`. */
  constructor(arena: Uint8Array, region: { readonly offset: number; readonly bytes: number }) {
    this.#arena = arena;
    this.#nextOffset = align(region.offset);
    this.#endOffset = region.offset + region.bytes;
  }

  /** @throws BenchError ERR_CONFIG when the region has not that much left. */
  allocate(bytes: number): Uint8Array {
    const offset = this.#nextOffset;
    const leftBytes = Math.max(0, this.#endOffset - offset);
    if (bytes > leftBytes) {
      throw new BenchError(
        "ERR_CONFIG",
        `a client needs ${formatSize(bytes)} of payload memory and has ${formatSize(leftBytes)} left: ` +
          "give it more, or use smaller or fewer transfers",
        { neededBytes: bytes, leftBytes },
      );
    }
    this.#nextOffset = align(offset + bytes);
    return this.#arena.subarray(offset, offset + bytes);
  }
}

function align(offset: number): number {
  return Math.ceil(offset / alignBytes) * alignBytes;
}
