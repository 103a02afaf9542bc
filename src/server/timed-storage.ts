import type { StageTimer } from "../core/stage-timer.ts";
import type { PayloadMemory, Storage } from "./storage.ts";

/** A storage whose reads, writes and flushes pass through a stage. */
export class TimedStorage implements Storage {
  readonly #storage: Storage;
  readonly #timer: StageTimer;

  constructor(storage: Storage, timer: StageTimer) {
    this.#storage = storage;
    this.#timer = timer;
  }

  get name(): string {
    return this.#storage.name;
  }

  get slots(): number {
    return this.#storage.slots;
  }

  get arena(): PayloadMemory {
    return this.#storage.arena;
  }

  attach(bytes: Uint8Array): PayloadMemory {
    return this.#storage.attach(bytes);
  }

  read(slot: number, slotOffset: number, to: PayloadMemory, memoryOffset: number, bytes: number): Promise<number> {
    const startMs = this.#timer.start();
    const done = this.#storage.read(slot, slotOffset, to, memoryOffset, bytes);
    return startMs === 0 ? done : this.#timed(startMs, done);
  }

  write(slot: number, slotOffset: number, from: PayloadMemory, memoryOffset: number, bytes: number): Promise<number> {
    const startMs = this.#timer.start();
    const done = this.#storage.write(slot, slotOffset, from, memoryOffset, bytes);
    return startMs === 0 ? done : this.#timed(startMs, done);
  }

  discard(slot: number): Promise<number> {
    return this.#storage.discard(slot);
  }

  flush(): Promise<number> {
    const startMs = this.#timer.start();
    const done = this.#storage.flush();
    return startMs === 0 ? done : this.#timed(startMs, done);
  }

  sync(fd: number): Promise<number> {
    const startMs = this.#timer.start();
    const done = this.#storage.sync(fd);
    return startMs === 0 ? done : this.#timed(startMs, done);
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  async #timed(startMs: number, done: Promise<number>): Promise<number> {
    const status = await done;
    this.#timer.stop(startMs);
    return status;
  }
}
