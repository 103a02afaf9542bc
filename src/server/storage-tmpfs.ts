import { closeSync, openSync, readSync, statfsSync, writeSync } from "node:fs";
import { errno } from "../core/errno.ts";
import { chunkFilePath, slotFile, slotFileOffset } from "./chunk-files.ts";
import { isValidTransfer, type PayloadMemory, type Storage } from "./storage.ts";
import { UringStorage, type UringStorageOptions } from "./storage-uring.ts";

/** TMPFS_MAGIC of linux/magic.h */
const tmpfsType = 0x01021994;

export function isTmpfs(path: string): boolean {
  return statfsSync(path).type === tmpfsType;
}

/**
 * Slots in sparse files on a tmpfs. Reads and writes are plain system calls: they copy memory and wait for no device,
 * but io_uring, which cannot know that of tmpfs, would hand each to a thread of the kernel, and where every core has a
 * rank that thread waits for a core. All else is io_uring's.
 */
export class TmpfsStorage implements Storage {
  readonly name = "tmpfs";
  readonly uring: UringStorage;
  readonly #files: readonly number[];

  /** @throws As `UringStorage.open`. */
  static open(options: UringStorageOptions): TmpfsStorage {
    const uring = UringStorage.open(options);
    const files = Array.from({ length: slotFile(uring.slots - 1) + 1 }, (_, index) =>
      openSync(chunkFilePath(options.path, index), "r+"),
    );
    return new TmpfsStorage(uring, files);
  }

  private constructor(uring: UringStorage, files: readonly number[]) {
    this.uring = uring;
    this.#files = files;
  }

  get slots(): number {
    return this.uring.slots;
  }

  get arena(): PayloadMemory {
    return this.uring.arena;
  }

  attach(bytes: Uint8Array): PayloadMemory {
    return this.uring.attach(bytes);
  }

  async read(slot: number, slotOffset: number, to: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, to, offset, bytes)) return -errno.EINVAL;
    const file = this.#files[slotFile(slot)]!;
    const position = slotFileOffset(slot) + slotOffset;
    try {
      let done = 0;
      for (let now = -1; done < bytes && now !== 0; done += now) {
        now = readSync(file, to.bytes, offset + done, bytes - done, position + done);
      }
      to.bytes.fill(0, offset + done, offset + bytes); // Behind the end of the file nothing was ever written.
      return bytes;
    } catch (error) {
      return statusOf(error);
    }
  }

  async write(slot: number, slotOffset: number, from: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, from, offset, bytes)) return -errno.EINVAL;
    const file = this.#files[slotFile(slot)]!;
    const position = slotFileOffset(slot) + slotOffset;
    try {
      for (let done = 0; done < bytes; ) {
        done += writeSync(file, from.bytes, offset + done, bytes - done, position + done);
      }
      return bytes;
    } catch (error) {
      return statusOf(error);
    }
  }

  discard(slot: number): Promise<number> {
    return this.uring.discard(slot);
  }

  flush(): Promise<number> {
    return this.uring.flush();
  }

  sync(fd: number): Promise<number> {
    return this.uring.sync(fd);
  }

  async close(): Promise<void> {
    for (const file of this.#files) closeSync(file);
    await this.uring.close();
  }
}

/** The negative errno of a failed system call. */
function statusOf(error: unknown): number {
  const { errno: status } = error as NodeJS.ErrnoException;
  if (typeof status !== "number") throw error;
  return status;
}
