import { errno } from "../core/errno.ts";
import { BenchError } from "../core/errors.ts";
import { ChunkCache } from "./chunk-cache.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Database } from "./database.ts";
import { Key, keyNumber, keySuffix, table } from "./keys.ts";
import { SlotMap } from "./slot-map.ts";
import type { PayloadMemory, Storage } from "./storage.ts";

const cacheLines = 16384;
/** Chunks that one transaction drops at most: two changes each, which must fit on a full device. */
const dropsPerCommit = 16;
const discardsInFlight = 16;

interface MappedChunk {
  readonly ino: number;
  readonly chunk: number;
  readonly slot: number;
}

/** The slot in a record of the chunk map: u32, little-endian. */
function slotIn(value: Uint8Array): number {
  return (value[0]! | (value[1]! << 8) | (value[2]! << 16) | (value[3]! << 24)) >>> 0;
}

/**
 * The chunks of one server: which slot of the storage has which chunk, in the database, and their reading and
 * writing. A slot goes free -> in the chunk map -> in the discard list -> free, each step one transaction; it is
 * discarded (its data gone) before it becomes free. So whenever the process dies, a slot in the chunk map holds zeros
 * or data of that file only.
 */
export class ChunkStore {
  readonly #database: Database;
  readonly #commits: CommitQueue;
  readonly #storage: Storage;
  readonly #slots: SlotMap;
  readonly #cache = new ChunkCache(cacheLines);
  readonly #key = new Key();
  readonly #start = new Key();
  readonly #end = new Key();
  readonly #value = new Uint8Array(4);
  readonly #valueView = new DataView(this.#value.buffer);
  /** Reads and writes under way, by slot: a discard waits for them. */
  readonly #inFlight: Uint32Array;
  /** Slots to discard: not begun, in order. */
  readonly #toDiscard: number[] = [];
  #discarding = 0;
  #closing = false;
  /** Runs when a slot's last read or write has ended. */
  readonly #whenIdle = new Map<number, () => void>();
  /** First writes that found no free slot while some were being discarded. */
  readonly #waitingForSlot: (() => void)[] = [];
  /** What `close` waits for. */
  #whenDiscarded: (() => void) | undefined;
  /** Some write has ended since the last flush began. */
  #unflushed = false;

  /** @throws BenchError ERR_STORAGE when the chunk map does not fit the storage. */
  constructor(database: Database, commits: CommitQueue, storage: Storage) {
    this.#database = database;
    this.#commits = commits;
    this.#storage = storage;
    this.#slots = new SlotMap(storage.slots);
    this.#inFlight = new Uint32Array(storage.slots);
    this.#recover();
  }

  get freeSlots(): number {
    return this.#slots.free;
  }

  /** Resolves when every write that has ended is on the device: 0 or a negative errno. */
  async flush(): Promise<number> {
    if (!this.#unflushed) return 0;
    this.#unflushed = false;
    const status = await this.#storage.flush();
    if (status !== 0) this.#unflushed = true;
    return status;
  }

  /** Fills a range of memory with a range of a chunk; zeros where nothing was written. 0 or a negative errno. */
  async read(
    ino: number,
    chunk: number,
    offsetBytes: number,
    to: PayloadMemory,
    memoryOffset: number,
    bytes: number,
  ): Promise<number> {
    const slot = this.#slotOf(ino, chunk);
    if (slot === -1) {
      to.bytes.fill(0, memoryOffset, memoryOffset + bytes);
      return 0;
    }
    this.#inFlight[slot]!++;
    const status = await this.#storage.read(slot, offsetBytes, to, memoryOffset, bytes);
    this.#ended(slot);
    return Math.min(status, 0);
  }

  /** Writes a range of memory into a chunk, making it if need be. 0 or a negative errno (ENOSPC: nothing written). */
  async write(
    ino: number,
    chunk: number,
    offsetBytes: number,
    from: PayloadMemory,
    memoryOffset: number,
    bytes: number,
  ): Promise<number> {
    let slot = this.#slotOf(ino, chunk);
    if (slot >= 0) this.#inFlight[slot]!++;
    else slot = await this.#allocate(ino, chunk);
    if (slot < 0) return slot;
    const status = await this.#storage.write(slot, offsetBytes, from, memoryOffset, bytes);
    this.#unflushed = true;
    this.#ended(slot);
    return Math.min(status, 0);
  }

  /** Makes sure that a write of the chunk finds a slot: 0, or ENOSPC before any data has been moved. */
  async reserve(ino: number, chunk: number): Promise<number> {
    if (this.#slotOf(ino, chunk) >= 0) return 0;
    const slot = await this.#allocate(ino, chunk);
    if (slot < 0) return slot;
    this.#ended(slot);
    return 0;
  }

  /** Removes all chunks of the files; their space is free soon after. 0 or a negative errno. */
  async drop(inos: readonly number[]): Promise<number> {
    let next = 0;
    while (next < inos.length) {
      let dropped: MappedChunk[] = [];
      let done = next;
      const status = await new Promise<number>((resolve) =>
        this.#commits.add({
          freeing: true,
          apply: () => {
            dropped = [];
            done = this.#unmap(inos, next, dropped);
            return 0;
          },
          settle: (status) => {
            // In the turn of the commit, so that no later read or write can begin on these slots.
            if (status === 0) {
              for (const { ino, chunk } of dropped) this.#cache.delete(ino, chunk);
              this.#discard(dropped.map(({ slot }) => slot));
            }
            resolve(status);
          },
        }),
      );
      if (status !== 0) return status;
      next = done;
    }
    return 0;
  }

  /** Resolves when no discard is under way. What is left in the discard list is done after the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#discarding > 0) await new Promise<void>((resolve) => (this.#whenDiscarded = resolve));
  }

  #slotOf(ino: number, chunk: number): number {
    const cached = this.#cache.get(ino, chunk);
    if (cached !== -1) return cached;
    const slot = this.#database.get(this.#key.set(table.chunk, ino).u32(chunk))?.getUint32(0, true) ?? -1;
    if (slot !== -1) this.#cache.set(ino, chunk, slot);
    return slot;
  }

  /** The slot of a chunk, made if nobody else has by then, counted as in flight; or a negative errno. */
  #allocate(ino: number, chunk: number): Promise<number> {
    return new Promise((resolve) => this.#tryAllocate(ino, chunk, resolve));
  }

  #tryAllocate(ino: number, chunk: number, resolve: (slot: number) => void): void {
    let slot = -1;
    let taken = false;
    this.#commits.add({
      apply: () => {
        const key = this.#key.set(table.chunk, ino).u32(chunk);
        slot = this.#database.get(key)?.getUint32(0, true) ?? -1;
        taken = slot === -1;
        if (!taken) return 0;
        slot = this.#slots.take();
        taken = slot !== -1;
        if (!taken) return -errno.ENOSPC;
        this.#valueView.setUint32(0, slot, true);
        this.#database.put(key, this.#value);
        return 0;
      },
      undo: () => {
        if (taken) this.#slots.give(slot);
        taken = false;
      },
      settle: (status) => {
        if (status === -errno.ENOSPC && slot === -1 && this.#discarding + this.#toDiscard.length > 0) {
          this.#waitingForSlot.push(() => this.#tryAllocate(ino, chunk, resolve));
        } else if (status !== 0) {
          resolve(status);
        } else {
          this.#inFlight[slot]!++;
          this.#cache.set(ino, chunk, slot);
          resolve(slot);
        }
      },
    });
  }

  /** Moves chunks of `inos[next...]` to the discard list. @returns The index of the first file that is not done. */
  #unmap(inos: readonly number[], next: number, dropped: MappedChunk[]): number {
    let i = next;
    for (; i < inos.length && dropped.length < dropsPerCommit; i++) {
      const ino = inos[i]!;
      this.#start.set(table.chunk, ino);
      this.#end.afterAll(table.chunk, ino);
      this.#database.scan(this.#start, this.#end, (key, value) => {
        dropped.push({ ino, chunk: keySuffix(key), slot: slotIn(value) });
        return dropped.length < dropsPerCommit;
      });
    }
    for (const { ino, chunk, slot } of dropped) {
      this.#database.remove(this.#key.set(table.chunk, ino).u32(chunk));
      this.#database.put(this.#key.set(table.discard, slot), this.#value);
    }
    // The last file may have more chunks than fitted.
    return dropped.length === dropsPerCommit ? i - 1 : i;
  }

  #discard(slots: readonly number[]): void {
    for (const slot of slots) this.#toDiscard.push(slot);
    while (!this.#closing && this.#discarding < discardsInFlight && this.#toDiscard.length > 0) {
      this.#discarding++;
      void this.#discardOne(this.#toDiscard.pop()!);
    }
  }

  async #discardOne(slot: number): Promise<void> {
    if (this.#inFlight[slot]! > 0) await new Promise<void>((resolve) => this.#whenIdle.set(slot, resolve));
    let status = await this.#storage.discard(slot);
    if (status === 0) {
      status = await this.#commits.run(() => {
        this.#database.remove(this.#key.set(table.discard, slot));
        return 0;
      }, true);
    }
    // A slot that could not be discarded stays in the list: lost until the next start, never handed out dirty.
    if (status === 0) this.#slots.give(slot);
    this.#discarding--;
    for (const retry of this.#waitingForSlot.splice(0)) retry();
    this.#discard([]);
    if (this.#discarding === 0) this.#whenDiscarded?.();
  }

  #ended(slot: number): void {
    if (--this.#inFlight[slot]! > 0) return;
    const run = this.#whenIdle.get(slot);
    if (run === undefined) return;
    this.#whenIdle.delete(slot);
    run();
  }

  #recover(): void {
    const take = (slot: number): void => {
      if (slot < this.#slots.slots && this.#slots.mark(slot)) return;
      throw new BenchError("ERR_STORAGE", `the chunk map names slot ${slot} twice, or beyond the data files`, { slot });
    };
    this.#database.scan(this.#start.set(table.chunk, 0), this.#end.set(table.discard, 0), (_, value) => {
      take(slotIn(value));
      return true;
    });
    const interrupted: number[] = [];
    const pastDiscards = this.#end.afterAll(table.discard, Number.MAX_SAFE_INTEGER);
    this.#database.scan(this.#start.set(table.discard, 0), pastDiscards, (key) => {
      take(keyNumber(key));
      return interrupted.push(keyNumber(key)) > 0;
    });
    this.#discard(interrupted);
  }
}
