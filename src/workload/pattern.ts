import { createHash } from "node:crypto";
import { assert } from "../core/errors.ts";
import type { PacketType } from "./common-options.ts";

/** Every block of a file starts with a stamp that belongs to no other block, file or generation. */
const blockBytes = 512;
const stampBytes = 8;
/** What repeats between the stamps does so after this many bytes: beyond the window of common fast compressors. */
const baseBytes = 64 * 1024;
const verifyBytes = 16 * baseBytes;

/** Identity of a file as data: 64 bits of a hash of its name and of the seed of the run, and what is between stamps. */
export interface FileKey {
  readonly low: number;
  readonly high: number;
  readonly type: PacketType;
}

/** @param name Path of the file. @param seed Any whole number; another one gives other data. */
export function fileKey(name: string, seed: number, type: PacketType = "incompressible"): FileKey {
  const digest = createHash("sha256").update(`${seed}:${name}`).digest();
  return { low: digest.readInt32LE(0), high: digest.readInt32LE(4), type };
}

/** Key of one of many small files, without a hash for each: different for every owner and item of one `directory`. */
export function itemKey(directory: FileKey, owner: number, item: number): FileKey {
  const { low, high, type } = directory;
  return { low: low ^ Math.imul(owner, 0x27d4eb2f), high: high ^ Math.imul(item, 0x165667b1), type };
}

/** Pseudo-random bytes, the same in every process (xorshift32). */
function pseudoRandomBase(): Uint8Array {
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

/** Words of 64 bits that count up from 0. */
function countingBase(): Uint8Array {
  const words = new BigUint64Array(baseBytes / 8);
  for (let word = 0; word < words.length; word++) words[word] = BigInt(word);
  return new Uint8Array(words.buffer);
}

/** Types whose bytes repeat are copied; the others are computed for each range. */
const bases: Partial<Record<PacketType, Uint8Array>> = {
  incompressible: pseudoRandomBase(),
  timestamp: countingBase(),
};

/** A buffer that is filled with what a range of a file shall hold. Nobody else may write to it. */
export class PatternBuffer {
  readonly bytes: Uint8Array;
  readonly #words: Int32Array | undefined;
  readonly #edge = new Int32Array(2);
  readonly #edgeBytes = new Uint8Array(this.#edge.buffer);
  /** `bytes` holds `#base` from `#phase` on, for `#phaseBytes`: then only the stamps need writing. */
  #base: Uint8Array | undefined;
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
   * generation and absolute offset. Where they repeat, a range that starts at the same offset within 64 KiB as the one
   * before costs a few stores per 512 bytes.
   */
  fill(length: number, file: FileKey, generation: number, fileOffset: number): void {
    assert(length <= this.bytes.length, "a range fits into its buffer");
    const keyLow = file.low ^ Math.imul(generation + 1, 0x9e3779b1);
    const keyHigh = file.high + Math.imul(generation + 1, 0x85ebca77);
    const base = bases[file.type];
    if (base !== undefined) {
      const phase = fileOffset % baseBytes;
      const isThere = base === this.#base && phase === this.#phase && length <= this.#phaseBytes;
      if (!isThere) this.#copyBase(base, phase, length);
    } else if (file.type === "offset") {
      this.#computeWords(length, fileOffset, true, 0, 0);
    } else {
      this.#computeWords(length, fileOffset, false, keyLow, keyHigh);
    }

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

  #copyBase(base: Uint8Array, phase: number, length: number): void {
    let at = 0;
    let from = phase;
    while (at < length) {
      const piece = Math.min(baseBytes - from, length - at);
      this.bytes.set(base.subarray(from, from + piece), at);
      at += piece;
      from = 0;
    }
    this.#base = base;
    this.#phase = phase;
    this.#phaseBytes = length;
  }

  /** Words of 64 bits at multiples of 8 in the file: each holds its own offset, or pseudo-random bits of a key. */
  #computeWords(length: number, fileOffset: number, areOffsets: boolean, keyLow: number, keyHigh: number): void {
    this.#base = undefined;
    let word = Math.floor(fileOffset / 8);
    let at = word * 8 - fileOffset;
    const whole = length - 8;
    for (; at < length; at += 8, word++) {
      const low = areOffsets ? (word * 8) | 0 : mix(word ^ keyLow);
      const high = areOffsets ? Math.floor(word / 2 ** 29) : mix(low + Math.floor(word / 2 ** 32) + keyHigh);
      if (this.#words !== undefined && at >= 0 && at <= whole && at % 4 === 0) {
        this.#words[at >> 2] = low;
        this.#words[(at >> 2) + 1] = high;
      } else this.#writeEdge(at, length, low, high);
    }
  }

  #stampEdge(at: number, length: number, keyLow: number, keyHigh: number, block: number): void {
    const low = block | 0;
    this.#writeEdge(at, length, low ^ keyLow, stampHigh(block, low, keyHigh));
  }

  /** Writes the part of a word at `at` (negative: it began before the range) that lies within the range. */
  #writeEdge(at: number, length: number, low: number, high: number): void {
    this.#edge[0] = low;
    this.#edge[1] = high;
    const end = Math.min(length, at + stampBytes);
    for (let to = Math.max(0, at); to < end; to++) this.bytes[to] = this.#edgeBytes[to - at]!;
  }
}

function stampHigh(block: number, low: number, keyHigh: number): number {
  return Math.imul(low ^ keyHigh, 0xc2b2ae35) ^ Math.floor(block / 2 ** 32);
}

/** 32 bits of which every one depends on every one of `value` (the finalizer of MurmurHash3). */
function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
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
