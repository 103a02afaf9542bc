import { open, type RootDatabase } from "lmdb";
import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { nameBytesMax } from "../core/limits.ts";
import { GiB } from "../core/units.ts";

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

const keyEncoder = {
  writeKey(key: Key, target: Uint8Array, start: number): number {
    const { bytes, length } = key;
    for (let i = 0; i < length; i++) target[start + i] = bytes[i]!;
    return start + length;
  },
  /** A copy: the source is overwritten by the next step of the scan. */
  readKey: (source: Uint8Array, start: number, end: number): Uint8Array =>
    Uint8Array.prototype.slice.call(source, start, end),
};

/**
 * LMDB keeps the map's address space for good, so this bounds a server's metadata: some 2 x 10^9 entries. It costs
 * no memory and no disk space until used.
 */
const mapBytes = 512 * GiB;

export interface DatabaseOptions {
  /** Commits become durable with `sync`; a power failure loses what came later, nothing else. Otherwise: never synced. */
  readonly durable: boolean;
}

/**
 * The ordered store of one server: LMDB, memory-mapped, off the JavaScript heap. Everything here is synchronous: the
 * asynchronous calls of lmdb-js would start threads. Killing the process at any moment loses no committed transaction
 * (the page cache keeps them).
 */
export class Database {
  readonly #store: RootDatabase<Uint8Array, Key & string>;
  readonly #durable: boolean;
  #dirty = false;
  #closed = false;
  #view = new DataView(new ArrayBuffer(0));

  private constructor(store: RootDatabase<Uint8Array, Key & string>, durable: boolean) {
    this.#store = store;
    this.#durable = durable;
  }

  /** @param path A directory, made if absent (not its parents). @throws The system's error. */
  static open(path: string, options: DatabaseOptions): Database {
    const store = open<Uint8Array, Key & string>({
      path,
      encoding: "binary",
      keyEncoder,
      compression: false,
      cache: false,
      noSubdir: false,
      mapSize: mapBytes,
      // Without a batch per turn nothing ever reaches lmdb-js's writer thread.
      eventTurnBatching: false,
      // No sync in a commit, whatever the class: `sync` forces one.
      noSync: true,
    } as Parameters<typeof open<Uint8Array, Key & string>>[0]);
    return new Database(store, options.durable);
  }

  /** The value, in place: valid until the next call of `get` or `scan`. Sees every committed transaction, and the own. */
  get(key: Key): DataView | undefined {
    const bytes = this.#store.getBinaryFast(key as Key & string);
    if (bytes === undefined) return undefined;
    // lmdb-js gives one buffer again and again; a view of it is made once.
    if (this.#view.buffer !== bytes.buffer || this.#view.byteOffset !== bytes.byteOffset) {
      this.#view = new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset);
    }
    return this.#view;
  }

  has(key: Key): boolean {
    return this.#store.getBinaryFast(key as Key & string) !== undefined;
  }

  /** Within a transaction. `value` is copied. @throws Out of space: the transaction must fail with it. */
  put(key: Key, value: Uint8Array): void {
    this.#store.put(key as Key & string, value);
  }

  /** Within a transaction; removing what is not there is allowed. */
  remove(key: Key): void {
    this.#store.remove(key as Key & string);
  }

  /**
   * Visits the keys from `start` (after it, if `afterStart`) to before `end`, in order, until `visit` returns false.
   * Keys are copies; a value is valid during its visit. `visit` must not change the store.
   */
  scan(start: Key, end: Key, visit: (key: Uint8Array, value: Uint8Array) => boolean, afterStart = false): void {
    const range = this.#store.getRange({
      start: start as Key & string,
      end: end as Key & string,
      exclusiveStart: afterStart,
    } as Parameters<RootDatabase<Uint8Array, Key & string>["getRange"]>[0]);
    for (const { key, value } of range) if (!visit(key as unknown as Uint8Array, value)) break;
  }

  /** Whether any key lies in the range. */
  any(start: Key, end: Key): boolean {
    let found = false;
    this.scan(start, end, () => {
      found = true;
      return false;
    });
    return found;
  }

  /** All writes of `run` become visible at once, or none if it or the commit throws. @throws What `errnoOf` reads. */
  transaction(run: () => void): void {
    if (this.#closed) throw Object.assign(new Error("the database is closed"), { code: errno.ECANCELED });
    this.#store.transactionSync(run);
    this.#dirty = true;
  }

  /** Blocks until everything committed is on the device: a fraction of a millisecond on NVMe. @throws An I/O error. */
  sync(): void {
    assert(this.#durable, "a database that is never synced");
    if (!this.#dirty) return;
    // The store's own `sync` would queue it on a thread; the environment's does it here.
    (this.#store as unknown as { env: { sync(): void } }).env.sync();
    this.#dirty = false;
  }

  async close(): Promise<void> {
    if (this.#durable) this.sync();
    this.#closed = true;
    await this.#store.close();
  }
}

/** Negative errno for an error that LMDB threw: it has its own numbers beside the system's. */
export function errnoOf(error: unknown): number {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "number") throw error;
  const mapFull = -30792;
  if (code === mapFull) return -errno.ENOSPC;
  return code > 0 ? -code : -errno.EIO;
}
