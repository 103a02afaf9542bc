import { chunkBytes } from "../core/limits.ts";

/** A part of a request that lies within one chunk. */
export interface Piece {
  /** Byte offset from the start of the request. */
  readonly start: number;
  readonly bytes: number;
  readonly chunk: number;
  /** Byte offset within the chunk. */
  readonly offsetBytes: number;
}

/** Pieces of a request. They are cut at the multiples of `pieceBytes`, which divides `chunkBytes`. */
export function pieceCount(position: number, length: number, pieceBytes: number): number {
  if (length === 0) return 0;
  return Math.floor((position + length - 1) / pieceBytes) - Math.floor(position / pieceBytes) + 1;
}

/** Piece `index` of a request, 0 to `pieceCount` - 1. */
export function pieceAt(position: number, length: number, pieceBytes: number, index: number): Piece {
  const cut = (Math.floor(position / pieceBytes) + index) * pieceBytes;
  const from = Math.max(position, cut);
  const to = Math.min(position + length, cut + pieceBytes);
  const chunk = Math.floor(from / chunkBytes);
  return { start: from - position, bytes: to - from, chunk, offsetBytes: from - chunk * chunkBytes };
}
