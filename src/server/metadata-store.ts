import { inodesPerServer } from "../core/limits.ts";
import type { Database } from "./database.ts";
import { Key, keyNumber, keyPrefixBytes, keySuffix, table } from "./keys.ts";

/** What the operations `lookup`, `open` and `mkdir` reply. Times are microseconds since 1970. */
export interface Attributes {
  ino: number;
  sizeBytes: number;
  mtimeUs: number;
  ctimeUs: number;
  kind: number;
  mode: number;
}

/** A file without a name, and the size that was recorded last. */
export type Garbage = Pick<Attributes, "ino" | "sizeBytes">;

/** A record on disk, little-endian: kind u32, mode u32, then f64: ino, sizeBytes, mtimeUs, ctimeUs. */
const recordBytes = 40;

/** Numbers taken from the persistent counter at once; a crash skips what was left of them. */
const inodeBlock = 65536;

/**
 * Directory entries, directories, leases and garbage of one server, as records of the database. Reads see what is
 * committed (within a transaction: also its own writes); writes belong into a transaction.
 */
export class MetadataStore {
  readonly #database: Database;
  readonly #key = new Key();
  readonly #start = new Key();
  readonly #end = new Key();
  readonly #record = new Uint8Array(recordBytes);
  readonly #recordView = new DataView(this.#record.buffer);
  readonly #nothing = this.#record.subarray(0, 1);
  /** The next number to give out; those up to the limit are taken from the persistent counter. */
  #nextInode = 0;
  #inodeLimit = 0;

  constructor(database: Database, serverIndex: number) {
    this.#database = database;
    const counter = database.get(this.#key.set(table.counter, 0));
    // Server 0's first number is the root's.
    this.#nextInode = counter?.getFloat64(0, true) ?? serverIndex * inodesPerServer + 1;
    this.#inodeLimit = this.#nextInode;
  }

  find(parent: number, name: Uint8Array): Attributes | undefined {
    return this.#read(this.#key.set(table.entry, parent).name(name));
  }

  putEntry(parent: number, name: Uint8Array, attributes: Attributes): void {
    this.#write(this.#key.set(table.entry, parent).name(name), attributes);
  }

  removeEntry(parent: number, name: Uint8Array): void {
    this.#database.remove(this.#key.set(table.entry, parent).name(name));
  }

  /** Whether this server has any entry of the directory. */
  hasEntries(directory: number): boolean {
    return this.#database.any(this.#start.set(table.entry, directory), this.#end.afterAll(table.entry, directory));
  }

  /**
   * Fills `page` with the entries behind the name `after` (empty: all), each [kind u8][length u8][name].
   * `more`: an entry did not fit any more.
   */
  readEntries(
    directory: number,
    after: Uint8Array,
    page: Uint8Array,
  ): { entries: number; pageBytes: number; more: boolean } {
    let entries = 0;
    let pageBytes = 0;
    let more = false;
    this.#start.set(table.entry, directory).name(after);
    this.#end.afterAll(table.entry, directory);
    this.#database.scan(
      this.#start,
      this.#end,
      (key, value) => {
        const nameBytes = key.length - keyPrefixBytes;
        if (pageBytes + 2 + nameBytes > page.length) {
          more = true;
          return false;
        }
        page[pageBytes] = value[0]!;
        page[pageBytes + 1] = nameBytes;
        page.set(key.subarray(keyPrefixBytes), pageBytes + 2);
        pageBytes += 2 + nameBytes;
        entries++;
        return true;
      },
      after.length > 0,
    );
    return { entries, pageBytes, more };
  }

  /** The directory itself, at its home. */
  directory(ino: number): Attributes | undefined {
    return this.#read(this.#key.set(table.directory, ino));
  }

  putDirectory(attributes: Attributes): void {
    this.#write(this.#key.set(table.directory, attributes.ino), attributes);
  }

  removeDirectory(ino: number): void {
    this.#database.remove(this.#key.set(table.directory, ino));
  }

  /** Server indices that hold a lease of the directory, at its home. */
  holders(directory: number): number[] {
    const indices: number[] = [];
    this.#start.set(table.holder, directory);
    this.#end.afterAll(table.holder, directory);
    this.#database.scan(this.#start, this.#end, (key) => indices.push(keySuffix(key)) > 0);
    return indices;
  }

  putHolder(directory: number, serverIndex: number): void {
    this.#database.put(this.#key.set(table.holder, directory).u32(serverIndex), this.#nothing);
  }

  removeHolder(directory: number, serverIndex: number): void {
    this.#database.remove(this.#key.set(table.holder, directory).u32(serverIndex));
  }

  /** Whether this server holds a lease of a directory of another home. */
  hasLease(directory: number): boolean {
    return this.#database.has(this.#key.set(table.lease, directory));
  }

  putLease(directory: number): void {
    this.#database.put(this.#key.set(table.lease, directory), this.#nothing);
  }

  removeLease(directory: number): void {
    this.#database.remove(this.#key.set(table.lease, directory));
  }

  /** Files without a name whose chunks are to be dropped: from inode number `from` on, at most `limit` of them. */
  garbage(from: number, limit: number): Garbage[] {
    const files: Garbage[] = [];
    this.#start.set(table.garbage, from);
    this.#end.set(table.chunk, 0);
    this.#database.scan(this.#start, this.#end, (key, value) => {
      const sizeBytes = new DataView(value.buffer, value.byteOffset).getFloat64(0, true);
      return files.push({ ino: keyNumber(key), sizeBytes }) < limit;
    });
    return files;
  }

  /** Of several sizes that are noted of a file, the largest counts. */
  addGarbage({ ino, sizeBytes }: Garbage): void {
    const key = this.#key.set(table.garbage, ino);
    const notedBytes = this.#database.get(key)?.getFloat64(0, true) ?? 0;
    this.#recordView.setFloat64(0, Math.max(sizeBytes, notedBytes), true);
    this.#database.put(key, this.#record.subarray(0, 8));
  }

  /** Its chunks are dropped, unless a larger size has been noted meanwhile. */
  removeGarbage({ ino, sizeBytes }: Garbage): void {
    const key = this.#key.set(table.garbage, ino);
    const notedBytes = this.#database.get(key)?.getFloat64(0, true) ?? 0;
    if (notedBytes <= sizeBytes) this.#database.remove(key);
  }

  /** A number that was never given out. Within a transaction; if that fails, `forgetInodes` must be called. */
  takeInode(): number {
    if (this.#nextInode === this.#inodeLimit) {
      this.#inodeLimit += inodeBlock;
      this.#recordView.setFloat64(0, this.#inodeLimit, true);
      this.#database.put(this.#key.set(table.counter, 0), this.#record.subarray(0, 8));
    }
    return this.#nextInode++;
  }

  /** The transaction that moved the persistent counter may have failed: the next number moves it again. */
  forgetInodes(): void {
    this.#inodeLimit = this.#nextInode;
  }

  #read(key: Key): Attributes | undefined {
    const view = this.#database.get(key);
    if (view === undefined) return undefined;
    return {
      ino: view.getFloat64(8, true),
      sizeBytes: view.getFloat64(16, true),
      mtimeUs: view.getFloat64(24, true),
      ctimeUs: view.getFloat64(32, true),
      kind: view.getUint32(0, true),
      mode: view.getUint32(4, true),
    };
  }

  #write(key: Key, attributes: Attributes): void {
    const view = this.#recordView;
    view.setUint32(0, attributes.kind, true);
    view.setUint32(4, attributes.mode, true);
    view.setFloat64(8, attributes.ino, true);
    view.setFloat64(16, attributes.sizeBytes, true);
    view.setFloat64(24, attributes.mtimeUs, true);
    view.setFloat64(32, attributes.ctimeUs, true);
    this.#database.put(key, this.#record);
  }
}
