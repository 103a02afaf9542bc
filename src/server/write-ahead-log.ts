import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";

/** [crc32 u32 of what follows][length u32 of the whole record][sequence number f64], then the changes. */
const headerBytes = 16;
/** [length of the value u32, or `removed`][length of the key u32], then key and value. */
const changeBytes = 8;
const removed = 0xffffffff;

/** The value of a change that removes its key is undefined. Both are valid during the call only. */
export type VisitChange = (key: Uint8Array, value: Uint8Array | undefined) => void;

/**
 * Changes of the database that it has not committed yet: one record per transaction, numbered without gaps. All of it
 * is in memory, to be replayed there; a log with a file writes each record to it as well, over space that has
 * been allocated before. When the database has committed, the log starts anew at its beginning: records of
 * before that are still behind the new ones have lower numbers. All numbers are little-endian.
 */
export class WriteAheadLog {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** -1: in memory only. */
  readonly #file: number;
  /** Where the next record begins. */
  #end = 0;
  /** Where its next change goes. */
  #next = headerBytes;
  #sequence = 0;

  private constructor(bytes: Uint8Array, file: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  static inMemory(bytes: number): WriteAheadLog {
    return new WriteAheadLog(new Uint8Array(bytes), -1);
  }

  /**
   * Opens the file, made with `bytes` zeros if it is absent or was not finished. An existing one keeps its
   * length. `recover` must come before the first record. @throws The system's error.
   */
  static open(path: string, bytes: number): WriteAheadLog {
    const file = openSync(path, "a+");
    closeSync(file);
    const log = openSync(path, "r+");
    try {
      const found = fstatSync(log).size;
      const content = new Uint8Array(Math.max(found, bytes));
      for (let done = 0; done < found; ) done += readSync(log, content, done, found - done, done);
      writeAll(log, content, found, content.length);
      fsyncSync(log);
      return new WriteAheadLog(content, log);
    } catch (error) {
      closeSync(log);
      throw error;
    }
  }

  /** Of its file, for an fdatasync; -1 if it has none. */
  get file(): number {
    return this.#file;
  }

  /** Number of the last record. */
  get sequence(): number {
    return this.#sequence;
  }

  get isEmpty(): boolean {
    return this.#end === 0;
  }

  /** Whether a record is under construction that has changes. */
  get hasChanges(): boolean {
    return this.#next > this.#end + headerBytes;
  }

  /** More than half of it is used. */
  get isFilling(): boolean {
    return this.#end > this.#bytes.length / 2;
  }

  /** Begins a record; one that was not appended is forgotten. */
  begin(): void {
    this.#next = this.#end + headerBytes;
  }

  /** Whether a change fits into the record; `valueLength` 0 for a removal. */
  fits(keyLength: number, valueLength: number): boolean {
    return this.#next + changeBytes + keyLength + valueLength <= this.#bytes.length;
  }

  put(key: Uint8Array, keyLength: number, value: Uint8Array): void {
    const at = this.#change(key, keyLength, value.length);
    this.#bytes.set(value, at);
    this.#next = at + value.length;
  }

  remove(key: Uint8Array, keyLength: number): void {
    this.#next = this.#change(key, keyLength, removed);
  }

  /** Ends the record: written when it returns. @throws The system's error; the record is forgotten then. */
  append(): void {
    const { hasChanges } = this;
    if (!hasChanges) return;
    const at = this.#end;
    this.#view.setUint32(at + 4, this.#next - at, true);
    this.#view.setFloat64(at + 8, this.#sequence + 1, true);
    this.#view.setUint32(at, crc32(this.#bytes.subarray(at + 4, this.#next)), true);
    if (this.#file !== -1) writeAll(this.#file, this.#bytes, at, this.#next);
    this.#sequence++;
    this.#end = this.#next;
  }

  /** Everything is in the database now: the next record goes to the beginning. */
  restart(): void {
    this.#end = 0;
  }

  /** Visits the changes of all records since the last `restart`, in order. */
  replay(visit: VisitChange): void {
    for (let at = 0; at < this.#end; ) at = this.#visitRecord(at, visit);
  }

  /**
   * Visits the changes of what an earlier process left behind record number `after`, up to the first record that is
   * torn or missing. Records made from now on have numbers that no record in the file can have.
   * @throws When records are missing between `after` and those that are there.
   */
  recover(after: number, visit: VisitChange): void {
    let at = 0;
    let sequence = Number.NaN;
    let last = after;
    for (let end = this.#recordEnd(at); end !== -1; end = this.#recordEnd(at)) {
      const found = this.#view.getFloat64(at + 8, true);
      if (found !== sequence + 1 && at > 0) break;
      sequence = found;
      if (sequence > last + 1) throw new Error(`log continues at record ${sequence}, the database ends at ${last}`);
      if (sequence === last + 1) {
        this.#visitRecord(at, visit);
        last = sequence;
      }
      at = end;
    }
    this.#sequence = last + this.#bytes.length;
    this.restart();
  }

  close(): void {
    if (this.#file !== -1) closeSync(this.#file);
  }

  /** Writes head and key of a change. @returns Where its value goes. */
  #change(key: Uint8Array, keyLength: number, valueLength: number): number {
    const at = this.#next;
    this.#view.setUint32(at, valueLength, true);
    this.#view.setUint32(at + 4, keyLength, true);
    for (let i = 0; i < keyLength; i++) this.#bytes[at + changeBytes + i] = key[i]!;
    return at + changeBytes + keyLength;
  }

  /** Where the record that begins at `at` ends; -1 if there is no whole one. */
  #recordEnd(at: number): number {
    if (at + headerBytes > this.#bytes.length) return -1;
    const end = at + this.#view.getUint32(at + 4, true);
    if (end <= at + headerBytes || end > this.#bytes.length) return -1;
    return crc32(this.#bytes.subarray(at + 4, end)) === this.#view.getUint32(at, true) ? end : -1;
  }

  #visitRecord(at: number, visit: VisitChange): number {
    const end = at + this.#view.getUint32(at + 4, true);
    for (let change = at + headerBytes; change < end; ) {
      const valueLength = this.#view.getUint32(change, true);
      const key = change + changeBytes;
      const value = key + this.#view.getUint32(change + 4, true);
      const next = valueLength === removed ? value : value + valueLength;
      visit(this.#bytes.subarray(key, value), valueLength === removed ? undefined : this.#bytes.subarray(value, next));
      change = next;
    }
    return end;
  }
}

function writeAll(file: number, bytes: Uint8Array, from: number, to: number): void {
  for (let done = from; done < to; ) done += writeSync(file, bytes, done, to - done, done);
}
