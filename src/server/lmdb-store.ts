import { closeSync, fstatSync, openSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { GiB, KiB, MiB } from "../core/units.ts";
import type { Key } from "./keys.ts";

type Store = RootDatabase<Uint8Array, Key & string>;

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

const pageBytes = 4096;
/** Space behind the last page of the database that is allocated ahead: this share of what is free, within bounds. */
const reserveShare = 1 / 16;
const reserveBytesMin = 1.5 * MiB;
const reserveBytesMax = 16 * MiB;
/** Written at once to allocate it. */
const zeros = new Uint8Array(256 * KiB);

/** What lmdb-js has of its environment beside its declared interface. */
interface Environment {
  stat(): { readonly treeDepth: number };
  info(): { readonly lastPageNumber: number };
}

/**
 * LMDB with one write transaction that is always open, through which everything is read and written: a commit costs
 * as much as ten changes, and happens when the caller says so. Everything here is synchronous: the asynchronous
 * calls of lmdb-js would start threads.
 *
 * A commit must find its pages allocated. LMDB's message about a failed write is longer than the memory it takes for
 * it, and the process dies of that, now or later. `roomPages` says what is allocated; who writes keeps within it.
 */
export class LmdbStore {
  readonly #store: Store;
  readonly #environment: Environment;
  /** The database file, to allocate space behind its end. */
  readonly #file: number;
  readonly #reserveBytes: number;
  #fileBytes: number;
  #commit: () => void = noTransaction;
  #abort: (error: Error) => void = noTransaction;
  #view = new DataView(new ArrayBuffer(0));
  #depth = 0;
  #roomPages = 0;

  private constructor(store: Store, path: string) {
    this.#store = store;
    this.#environment = (store as unknown as { env: Environment }).env;
    this.#file = openSync(join(path, "data.mdb"), "r+");
    this.#fileBytes = fstatSync(this.#file).size;
    const { bavail, bsize } = statfsSync(path);
    this.#reserveBytes = Math.min(reserveBytesMax, Math.max(reserveBytesMin, bavail * bsize * reserveShare));
    this.#begin();
    this.reserve();
  }

  /**
   * @param path A directory, made if absent (not its parents).
   * @param durable A commit returns when it is on the device, and a power failure leaves the last one. Otherwise
   *   the page cache has it. @throws The system's error.
   */
  static open(path: string, durable: boolean): LmdbStore {
    const store: Store = open<Uint8Array, Key & string>({
      path,
      encoding: "binary",
      keyEncoder,
      compression: false,
      cache: false,
      noSubdir: false,
      mapSize: mapBytes,
      // Without a batch per turn nothing ever reaches lmdb-js's writer thread.
      eventTurnBatching: false,
      noSync: !durable,
      overlappingSync: false,
    } as Parameters<typeof open<Uint8Array, Key & string>>[0]);
    return new LmdbStore(store, path);
  }

  /** Pages that changes may still write: all of them are allocated. */
  get roomPages(): number {
    return this.#roomPages;
  }

  /** Pages that a change can write at most: on each level the one it changes, and one that this is split into. */
  pagesOf(valueLength: number): number {
    return 2 * this.#depth + 1 + (valueLength > pageBytes / 4 ? Math.ceil((valueLength + 16) / pageBytes) : 0);
  }

  /** The value, in place: valid until the next call of `get` or `scan`. */
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

  /** `value` is copied. */
  put(key: Key, value: Uint8Array): void {
    this.#roomPages -= this.pagesOf(value.length);
    this.#store.put(key as Key & string, value);
  }

  remove(key: Key): void {
    this.#roomPages -= this.pagesOf(0);
    this.#store.remove(key as Key & string);
  }

  /** See `Database.scan`. */
  scan(start: Key, end: Key, visit: (key: Uint8Array, value: Uint8Array) => boolean, afterStart: boolean): void {
    const range = this.#store.getRange({
      start: start as Key & string,
      end: end as Key & string,
      exclusiveStart: afterStart,
    } as Parameters<Store["getRange"]>[0]);
    for (const { key, value } of range) if (!visit(key as unknown as Uint8Array, value)) break;
  }

  /** Commits what was changed, and begins anew. @throws An I/O error: the changes are gone. */
  commit(): void {
    try {
      this.#commit();
    } finally {
      this.#begin();
      this.reserve();
    }
  }

  /** Takes back what was changed since the last commit. */
  abort(): void {
    this.#end();
    this.#begin();
    this.reserve();
  }

  /**
   * Allocates what the device has room for behind the database, up to the reserve. Only where nothing was changed since
   * the last commit. @throws An I/O error.
   */
  reserve(): void {
    const lastPage = this.#environment.info().lastPageNumber;
    const wantedBytes = (lastPage + 1) * pageBytes + this.#reserveBytes;
    try {
      while (this.#fileBytes < wantedBytes) {
        this.#fileBytes += writeSync(this.#file, zeros, 0, zeros.length, this.#fileBytes);
      }
    } catch (error) {
      // With less there are smaller transactions, until there is none.
      if (!["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
    this.#depth = this.#environment.stat().treeDepth + 1;
    // The list of free pages takes some as well: 8 bytes for each that is free.
    const freeListPages = 32 + Math.ceil(lastPage / 256);
    this.#roomPages = Math.floor(this.#fileBytes / pageBytes) - lastPage - 1 - freeListPages;
  }

  /** After a `commit`. */
  async close(): Promise<void> {
    this.#end();
    closeSync(this.#file);
    await this.#store.close();
  }

  #begin(): void {
    // lmdb-js ends the transaction when the promise is settled, which here is in the middle of `commit` or `abort`.
    const open = {
      // biome-ignore lint/suspicious/noThenProperty: a promise whose end is a call
      then: (commit: () => void, abort: (error: Error) => void) => {
        this.#commit = commit;
        this.#abort = abort;
      },
    };
    void this.#store.transactionSync(() => open as unknown as Promise<void>);
  }

  #end(): void {
    const reason = new Error("aborted");
    try {
      this.#abort(reason);
    } catch (error) {
      if (error !== reason) throw error;
    }
  }
}

function noTransaction(): never {
  throw new Error("no transaction is open");
}
