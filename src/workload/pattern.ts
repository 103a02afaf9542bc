import { createHash } from "node:crypto";
import { assert } from "../core/errors.ts";

/** Every block of a file starts with a stamp that belongs to no other block, file or generation. */
const blockBytes = 512;
const stampBytes = 8;
/** The bytes between the stamps repeat after this many: beyond the window of common fast compressors. */
const baseBytes = 64 * 1024;
const verifyBytes = 16 * baseBytes;

/** Identity of a file as data: 64 bits of a hash of its name and of the seed of the run. */
export interface FileKey {
  readonly low: number;
  readonly high: number;
}

/** @param name Path of the file. @param seed Any whole number; another one gives other data. */
export function fileKey(name: string, seed: number): FileKey {
  const digest = createHash("sha256").update(`${seed}:${name}`).digest();
  return { low: digest.readInt32LE(0), high: digest.readInt32LE(4) };
}

/** Key of one of many small files, without a hash for each: different for every owner and item of one `directory`. */
export function itemKey(directory: FileKey, owner: number, item: number): FileKey {
  return { low: directory.low ^ Math.imul(owner, 0x27d4eb2f), high: directory.high ^ Math.imul(item, 0x165667b1) };
}

/** Pseudo-random bytes, the same in every process (xorshift32). */
function makeBase(): Uint8Array {
  const words = new Int32Array(baseBytes / 4);
  let state = 0x2545f491;
  for (let word = 0; word < words.length; word++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[word] = state;
  }
  return new Uint8Array(words.buffer);
}

const base = makeBase();

/** A buffer that is filled with what a range of a file shall hold. Nobody else may write to it. */
export class PatternBuffer {
  readonly bytes: Uint8Array;
  readonly #words: Int32Array | undefined;
  readonly #edge = new Int32Array(2);
  readonly #edgeBytes = new Uint8Array(this.#edge.buffer);
  /** `bytes` holds the base from `#phase` on, for `#phaseBytes`: then only the stamps need writing. */
  #phase = -1;
  #phaseBytes = 0;

  /** @param bytes Memory to fill; its length limits that of every range. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    if (bytes.byteOffset % 4 === 0) {
      this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
    }
  }

  /**
   * Fills the first `length` bytes with what `file` holds from `fileOffset` on. The data are a pure function of file,
   * generation and absolute offset. Costs a few stores per 512 bytes while ranges start at the same multiple of 64 KiB.
   */
  fill(length: number, file: FileKey, generation: number, fileOffset: number): void {
    assert(length <= this.bytes.length, "a range fits into its buffer");
    const phase = fileOffset % baseBytes;
    if (phase !== this.#phase || length > this.#phaseBytes) this.#copyBase(phase, length);

    const keyLow = file.low ^ Math.imul(generation + 1, 0x9e3779b1);
    const keyHigh = file.high + Math.imul(generation + 1, 0x85ebca77);
    let block = Math.floor(fileOffset / blockBytes);
    let at = block * blockBytes - fileOffset;
    if (at < 0) {
      this.#stampEdge(at, length, keyLow, keyHigh, block++);
      at += blockBytes;
    }
    const whole = length - stampBytes;
    if (this.#words !== undefined && at % 4 === 0) {
      for (; at <= whole; at += blockBytes, block++) {
        const low = block | 0;
        this.#words[at >> 2] = low ^ keyLow;
        this.#words[(at >> 2) + 1] = stampHigh(block, low, keyHigh);
      }
    }
    for (; at < length; at += blockBytes) this.#stampEdge(at, length, keyLow, keyHigh, block++);
  }

  #copyBase(phase: number, length: number): void {
    let at = 0;
    let from = phase;
    while (at < length) {
      const piece = Math.min(baseBytes - from, length - at);
      this.bytes.set(base.subarray(from, from + piece), at);
      at += piece;
      from = 0;
    }
    this.#phase = phase;
    this.#phaseBytes = length;
  }

  /** Writes the part of a stamp at `at` (negative: it began before the range) that lies within the range. */
  #stampEdge(at: number, length: number, keyLow: number, keyHigh: number, block: number): void {
    const low = block | 0;
    this.#edge[0] = low ^ keyLow;
    this.#edge[1] = stampHigh(block, low, keyHigh);
    const end = Math.min(length, at + stampBytes);
    for (let to = Math.max(0, at); to < end; to++) this.bytes[to] = this.#edgeBytes[to - at]!;
  }
}

function stampHigh(block: number, low: number, keyHigh: number): number {
  return Math.imul(low ^ keyHigh, 0xc2b2ae35) ^ Math.floor(block / 2 ** 32);
}

/**
 * Wipes what an earlier operation left in a buffer, so that a read that transfers nothing cannot pass for a right one:
 * the buffer may hold the very data that are expected.
 */
export function wipe(bytes: Uint8Array, length: number): void {
  bytes.fill(0xdb, 0, length);
}

const expected = new PatternBuffer(new Uint8Array(verifyBytes));

/**
 * Compares every one of `length` bytes, read from `fileOffset` of `file`, with what was to be written there.
 * @returns Index in `bytes` of the first wrong one, or -1.
 */
export function firstWrongByte(
  bytes: Uint8Array,
  length: number,
  file: FileKey,
  generation: number,
  fileOffset: number,
): number {
  for (let at = 0; at < length; at += verifyBytes) {
    const piece = Math.min(verifyBytes, length - at);
    expected.fill(piece, file, generation, fileOffset + at);
    const actual = Buffer.from(bytes.buffer, bytes.byteOffset + at, piece);
    if (actual.compare(expected.bytes, 0, piece) === 0) continue;
    let wrong = 0;
    while (actual[wrong] === expected.bytes[wrong]) wrong++;
    return at + wrong;
  }
  return -1;
}
