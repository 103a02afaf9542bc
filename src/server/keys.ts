import { nameBytesMax } from "../core/limits.ts";

/** First byte of a key: what the record is. Values on disk, never reused. */
export const table = {
  counter: 1,
  entry: 2,
  directory: 3,
  holder: 4,
  lease: 5,
  garbage: 6,
  chunk: 7,
  discard: 8,
} as const;
export type Table = (typeof table)[keyof typeof table];

const inoBytes = 8;
export const keyPrefixBytes = 1 + inoBytes;

/**
 * A key under construction: [table u8][number, 8 bytes big-endian][suffix]. Big-endian, so that all keys of one
 * number are one range, in the order of their suffixes. Reused for every operation: nothing is allocated.
 */
export class Key {
  readonly bytes = new Uint8Array(keyPrefixBytes + nameBytesMax + 1);
  length = 0;

  set(table: Table, number: number): this {
    const { bytes } = this;
    const high = Math.floor(number / 2 ** 32);
    const low = number >>> 0;
    bytes[0] = table;
    bytes[1] = high >>> 24;
    bytes[2] = high >>> 16;
    bytes[3] = high >>> 8;
    bytes[4] = high;
    bytes[5] = low >>> 24;
    bytes[6] = low >>> 16;
    bytes[7] = low >>> 8;
    bytes[8] = low;
    this.length = keyPrefixBytes;
    return this;
  }

  name(name: Uint8Array): this {
    for (let i = 0; i < name.length; i++) this.bytes[this.length + i] = name[i]!;
    this.length += name.length;
    return this;
  }

  u32(value: number): this {
    const { bytes, length } = this;
    bytes[length] = value >>> 24;
    bytes[length + 1] = value >>> 16;
    bytes[length + 2] = value >>> 8;
    bytes[length + 3] = value;
    this.length = length + 4;
    return this;
  }

  /** The first key behind every key of this table and number. */
  afterAll(table: Table, number: number): this {
    return number === Number.MAX_SAFE_INTEGER ? this.set((table + 1) as Table, 0) : this.set(table, number + 1);
  }
}

/** The number in a key that a scan visits. */
export function keyNumber(key: Uint8Array): number {
  const high = ((key[1]! << 24) | (key[2]! << 16) | (key[3]! << 8) | key[4]!) >>> 0;
  const low = ((key[5]! << 24) | (key[6]! << 16) | (key[7]! << 8) | key[8]!) >>> 0;
  return high * 2 ** 32 + low;
}

/** The u32 suffix of a key that a scan visits. */
export function keySuffix(key: Uint8Array): number {
  const at = keyPrefixBytes;
  return ((key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!) >>> 0;
}
