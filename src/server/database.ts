import { statfsSync } from "node:fs";
import { join } from "node:path";
import { errno } from "../core/errno.ts";
import { KiB, MiB } from "../core/units.ts";
import { Key, table } from "./keys.ts";
import { LmdbStore } from "./lmdb-store.ts";
import type { Durability } from "./storage.ts";
import { type VisitChange, WriteAheadLog } from "./write-ahead-log.ts";

/** Of what is free on the device, within bounds. */
const logShare = 1 / 64;
const logBytesMin = 256 * KiB;
const logBytesMax = 4 * MiB;

/** With less room than this, in pages, a transaction begins with a checkpoint, which may make more. */
const ordinaryPages = 1024;
/** Pages for the record of the checkpoint itself. */
const pagesForCheckpoint = 32;
/** Pages that only what frees space may use, once a device is full. */
const pagesForFreeing = 192;

/**
 * The ordered store of one server. A transaction is acknowledged when it is in the write-ahead log; the changes of many
 * are in one transaction of LMDB, memory-mapped and off the JavaScript heap, which is committed (a checkpoint) when
 * the log or the space that is allocated ahead runs short. Then the log starts anew. Everything but `flush` is
 * synchronous. Killing the process at any moment loses no transaction: the page cache has the log.
 */
export class Database {
  readonly #store: LmdbStore;
  readonly #log: WriteAheadLog;
  readonly #key = new Key();
  readonly #record = new Uint8Array(8);
  readonly #recordView = new DataView(this.#record.buffer);
  readonly #replayed: VisitChange;
  /** The transaction that runs must leave this many pages to others. */
  #keepPages = 0;
  /** There are records that no flush has covered. */
  #unflushed = false;
  #closed = false;

  private constructor(store: LmdbStore, log: WriteAheadLog) {
    this.#store = store;
    this.#log = log;
    const key = new Key();
    this.#replayed = (bytes, value) => {
      key.bytes.set(bytes);
      key.length = bytes.length;
      if (value === undefined) store.remove(key);
      else store.put(key, value);
    };
  }

  /**
   * Opens the database and does what an earlier process has only logged.
   * @param path A directory, made if absent (not its parents).
   * @param durability `memory`: the log is not written. `device`: checkpoints and flushes reach the device.
   * @throws The system's error; or a log that does not continue the database.
   */
  static open(path: string, durability: Durability): Database {
    const store = LmdbStore.open(path, durability === "device");
    const { bavail, bsize } = statfsSync(path);
    const logBytes = Math.min(logBytesMax, Math.max(logBytesMin, Math.floor(bavail * bsize * logShare)));
    const log =
      durability === "memory" ? WriteAheadLog.inMemory(logBytes) : WriteAheadLog.open(join(path, "log"), logBytes);
    if (store.roomPages < pagesForCheckpoint) {
      throw Object.assign(new Error("no space for metadata"), { code: "ENOSPC" });
    }
    const database = new Database(store, log);
    database.#recover();
    return database;
  }

  /** The value, in place: valid until the next call of `get` or `scan`. Sees every transaction, and the own writes. */
  get(key: Key): DataView | undefined {
    return this.#store.get(key);
  }

  has(key: Key): boolean {
    return this.#store.has(key);
  }

  /** Within a transaction. `value` is copied. @throws Out of space: the transaction must fail with it. */
  put(key: Key, value: Uint8Array): void {
    this.#spend(key.length, value.length);
    this.#log.put(key.bytes, key.length, value);
    this.#store.put(key, value);
  }

  /** Within a transaction; removing what is not there is allowed. @throws Out of space, as `put`. */
  remove(key: Key): void {
    this.#spend(key.length, 0);
    this.#log.remove(key.bytes, key.length);
    this.#store.remove(key);
  }

  /**
   * Visits the keys from `start` (after it, if `afterStart`) to before `end`, in order, until `visit` returns false.
   * Keys are copies; a value is valid during its visit. `visit` must not change the store.
   */
  scan(start: Key, end: Key, visit: (key: Uint8Array, value: Uint8Array) => boolean, afterStart = false): void {
    this.#store.scan(start, end, visit, afterStart);
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

  /**
   * All writes of `run` become visible and survive the process, or none if it throws or there is no space. Some 30
   * changes fit in any case, hundreds if the device is not full. @param freeing It makes space in the end: it may use what is kept for that.
   * @throws What `errnoOf` reads.
   */
  transaction(run: () => void, freeing = false): void {
    if (this.#closed) throw Object.assign(new Error("the database is closed"), { code: errno.ECANCELED });
    if (this.#store.roomPages < ordinaryPages || this.#log.isFilling) this.#checkpoint();
    this.#keepPages = pagesForCheckpoint + (freeing ? 0 : pagesForFreeing);
    this.#log.begin();
    try {
      run();
      if (this.#log.hasChanges) this.#unflushed = true;
      this.#log.append();
    } catch (error) {
      if (this.#log.hasChanges) this.#restore();
      throw error;
    }
  }

  /**
   * Makes every transaction until now durable. @param sync Makes a file durable: 0 or a negative errno.
   * @returns 0 or a negative errno.
   */
  async flush(sync: (file: number) => Promise<number>): Promise<number> {
    if (!this.#unflushed || this.#log.file === -1) return 0;
    this.#unflushed = false;
    const status = await sync(this.#log.file);
    if (status !== 0) this.#unflushed = true;
    return status;
  }

  async close(): Promise<void> {
    this.#checkpoint();
    this.#closed = true;
    this.#log.close();
    await this.#store.close();
  }

  /** Accounts for a change before it is made. */
  #spend(keyLength: number, valueLength: number): void {
    const left = this.#store.roomPages - this.#store.pagesOf(valueLength);
    if (left < this.#keepPages || !this.#log.fits(keyLength, valueLength)) {
      throw Object.assign(new Error("no space for metadata"), { code: errno.ENOSPC });
    }
  }

  /** Commits what is logged, with the number of the last record. @throws An I/O error: nothing is lost, all is as before. */
  #checkpoint(): void {
    if (this.#log.isEmpty) {
      this.#store.reserve();
      return;
    }
    this.#recordView.setFloat64(0, this.#log.sequence, true);
    this.#store.put(this.#key.set(table.counter, appliedCounter), this.#record);
    try {
      this.#store.commit();
    } catch (error) {
      this.#log.replay(this.#replayed);
      throw error;
    }
    this.#log.restart();
  }

  /** Takes back the changes of a transaction that failed. */
  #restore(): void {
    this.#store.abort();
    this.#log.begin();
    this.#log.replay(this.#replayed);
  }

  #recover(): void {
    const applied = this.#store.get(this.#key.set(table.counter, appliedCounter))?.getFloat64(0, true) ?? 0;
    this.#log.recover(applied, this.#replayed);
    this.#recordView.setFloat64(0, this.#log.sequence, true);
    this.#store.put(this.#key.set(table.counter, appliedCounter), this.#record);
    this.#store.commit();
  }
}

/** In the table of counters: the last record of the log that the database contains. */
const appliedCounter = 1;

/** Negative errno for an error that the database or the system threw: LMDB has its own numbers beside the system's. */
export function errnoOf(error: unknown): number {
  const { code, errno: systemErrno } = error as { code?: unknown; errno?: unknown };
  if (typeof systemErrno === "number") return systemErrno;
  if (typeof code !== "number") throw error;
  const mapFull = -30792;
  if (code === mapFull) return -errno.ENOSPC;
  return code > 0 ? -code : -errno.EIO;
}
