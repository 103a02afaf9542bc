import { OP, Ring } from "napi-io-uring";
import { errno } from "../core/errno.ts";
import { BenchError } from "../core/errors.ts";
import { chunkBytes } from "../core/limits.ts";
import type { Poller } from "../reactor/reactor.ts";
import { Slots } from "../rpc/slots.ts";
import { closeChunkFiles, openChunkFiles, slotFile, slotFileOffset } from "./chunk-files.ts";
import { type Durability, isValidTransfer, type PayloadMemory, type Storage } from "./storage.ts";

/** Operations that the kernel has at most; further ones wait in order. */
const operationsInFlight = 256;
/** The log of the metadata. */
const otherFilesMax = 1;
/** Offsets, lengths and addresses of O_DIRECT are multiples of this: the block size of any device we know. */
const directAlignment = 4096;
/** FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */
const punchHole = 0x02 | 0x01;

const commandWords = 16;
const completionWords = 4;

export interface UringStorageOptions {
  /** The storage path; it exists. */
  readonly path: string;
  readonly durability: Exclude<Durability, "memory">;
  /** Becomes fixed buffer 0, pinned until `close`. Its ArrayBuffer is page-aligned, up to 1 GiB. */
  readonly arena: Uint8Array;
}

/**
 * Opens a ring, pins memory as a server does, and lets go of both: whether it can be done here.
 * @returns The setup flags that the kernel has.
 * @throws NodeJS.ErrnoException What the kernel refused, and what to do about it.
 */
export function tryUring(memory: Uint8Array): readonly string[] {
  const ring = new Ring({ entries: operationsInFlight });
  try {
    ring.registerBuffers([memory.buffer as ArrayBuffer]);
    return [...ring.flags];
  } finally {
    ring.close();
  }
}

/**
 * Slots in sparse files, by io_uring with fixed buffers and registered files. In class `device`, what is aligned
 * goes by O_DIRECT, the rest through the page cache. Both see each other's data: a direct read writes dirty pages
 * back first, a direct write drops cached pages after it, and ranges of two operations that overlap at once are
 * nobody's promise. The event loop polls `source` and calls `drain`.
 */
export class UringStorage implements Storage, Poller {
  readonly name = "uring";
  readonly slots: number;
  readonly source: object;
  readonly #ring: Ring;
  readonly #control: Int32Array;
  readonly #commands: Int32Array;
  readonly #commandDoubles: Float64Array;
  readonly #commandMask: number;
  readonly #completions: Int32Array;
  readonly #completionMask: number;
  readonly arena: PayloadMemory;
  readonly #memories: PayloadMemory[];
  /** Of the chunk files, then others that are synced. */
  readonly #bufferedFiles: number[];
  readonly #directFiles: readonly number[];
  /** By descriptor: index of a file that has no chunks. */
  readonly #otherFiles = new Map<number, number>();
  /** By file: 1 while O_DIRECT works. */
  readonly #useDirect: Uint8Array;

  // State of an operation, by its number, which is the cookie of its command.
  readonly #operations = new Slots(operationsInFlight);
  readonly #opcode = new Uint8Array(operationsInFlight);
  readonly #file = new Uint16Array(operationsInFlight);
  readonly #direct = new Uint8Array(operationsInFlight);
  readonly #fileOffset = new Float64Array(operationsInFlight);
  /** Index in `#memories`, and as a buffer of the ring. */
  readonly #memory = new Uint16Array(operationsInFlight);
  readonly #memoryOffset = new Float64Array(operationsInFlight);
  readonly #bytes = new Uint32Array(operationsInFlight);
  readonly #doneBytes = new Uint32Array(operationsInFlight);
  readonly #resolve: ((status: number) => void)[] = new Array(operationsInFlight).fill(() => {});
  readonly #waiting: ((operation: number) => void)[] = [];

  /** @throws BenchError ERR_STORAGE: the path; ERR_ENVIRONMENT: io_uring, or memory that must not be pinned. */
  static open(options: UringStorageOptions): UringStorage {
    return new UringStorage(options);
  }

  private constructor({ path, durability, arena }: UringStorageOptions) {
    const { files, slots } = openChunkFiles(path, durability === "device");
    let ring: Ring | undefined;
    try {
      ring = new Ring({ entries: operationsInFlight, maxFiles: files.length * 2 + otherFilesMax });
      ring.registerBuffers([arena.buffer as ArrayBuffer]);
      const register = (fd: number): number => (fd === -1 ? -1 : ring!.registerFile(fd));
      this.#bufferedFiles = files.map(({ buffered }) => register(buffered));
      this.#directFiles = files.map(({ direct }) => register(direct));
    } catch (error) {
      ring?.close();
      throw new BenchError("ERR_ENVIRONMENT", (error as Error).message, { path }, { cause: error });
    } finally {
      closeChunkFiles(files); // The ring has its own references.
    }
    this.#useDirect = Uint8Array.from(this.#directFiles, (file) => (file === -1 ? 0 : 1));
    this.slots = slots;
    this.source = ring.source;
    this.#ring = ring;
    this.arena = { bytes: arena, index: 0 };
    this.#memories = [this.arena];
    this.#control = new Int32Array(ring.rings);
    this.#commands = new Int32Array(ring.rings, ring.commandOffset);
    this.#commandDoubles = new Float64Array(ring.rings, ring.commandOffset);
    this.#commandMask = ring.commandSlots - 1;
    this.#completions = new Int32Array(ring.rings, ring.completionOffset);
    this.#completionMask = ring.completionSlots - 1;
  }

  /** Whether aligned operations go by O_DIRECT. */
  get direct(): boolean {
    return this.#useDirect.every((use) => use === 1);
  }

  /** The memory is not pinned: of a peer it comes late, and locked memory counts in every process that locks it. */
  attach(bytes: Uint8Array): PayloadMemory {
    const memory = { bytes, index: this.#ring.addBuffer(bytes.buffer as ArrayBuffer) };
    this.#memories.push(memory);
    return memory;
  }

  read(slot: number, slotOffset: number, to: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, to, offset, bytes)) return Promise.resolve(-errno.EINVAL);
    return this.#begin(OP.READ, slotFile(slot), slotFileOffset(slot) + slotOffset, to.index, offset, bytes);
  }

  write(slot: number, slotOffset: number, from: PayloadMemory, offset: number, bytes: number): Promise<number> {
    if (!isValidTransfer(this, slot, slotOffset, from, offset, bytes)) return Promise.resolve(-errno.EINVAL);
    return this.#begin(OP.WRITE, slotFile(slot), slotFileOffset(slot) + slotOffset, from.index, offset, bytes);
  }

  discard(slot: number): Promise<number> {
    if (slot < 0 || slot >= this.slots) return Promise.resolve(-errno.EINVAL);
    return this.#begin(OP.FALLOCATE, slotFile(slot), slotFileOffset(slot), 0, 0, chunkBytes);
  }

  async flush(): Promise<number> {
    const statuses = await Promise.all(this.#directFiles.map((_, file) => this.#begin(OP.FDATASYNC, file, 0, 0, 0, 0)));
    return statuses.find((status) => status !== 0) ?? 0;
  }

  sync(fd: number): Promise<number> {
    let file = this.#otherFiles.get(fd);
    if (file === undefined) {
      file = this.#bufferedFiles.push(this.#ring.registerFile(fd)) - 1;
      this.#otherFiles.set(fd, file);
    }
    return this.#begin(OP.FDATASYNC, file, 0, 0, 0, 0);
  }

  /**
   * After the last operation has ended. Closes the files. The ring stays until it is collected or the process ends:
   * the event loop polls its source still, and would watch a descriptor that is closed.
   */
  async close(): Promise<void> {
    const files = [...this.#bufferedFiles, ...this.#directFiles].filter((file) => file !== -1);
    for (const file of files) this.#ring.unregisterFile(file);
  }

  /** Consumes all completions there are. */
  drain(): void {
    const control = this.#control;
    const completions = this.#completions;
    // Word 2: written by the ring, 3: consumed here.
    while (control[2] !== control[3]) {
      const at = (control[3]! & this.#completionMask) * completionWords;
      const operation = completions[at]!;
      const result = completions[at + 1]!;
      control[3]!++;
      this.#completed(operation, result);
    }
  }

  #begin(
    opcode: number,
    file: number,
    fileOffset: number,
    memory: number,
    memoryOffset: number,
    bytes: number,
  ): Promise<number> {
    return new Promise((resolve) => {
      const start = (operation: number): void => {
        this.#opcode[operation] = opcode;
        this.#file[operation] = file;
        this.#fileOffset[operation] = fileOffset;
        this.#memory[operation] = memory;
        this.#memoryOffset[operation] = memoryOffset;
        this.#bytes[operation] = bytes;
        this.#doneBytes[operation] = 0;
        this.#resolve[operation] = resolve;
        this.#issue(operation);
      };
      const operation = this.#operations.take();
      if (operation === -1) this.#waiting.push(start);
      else start(operation);
    });
  }

  /** Writes the command for what is left of an operation. There is room: a command slot for every operation. */
  #issue(operation: number): void {
    const opcode = this.#opcode[operation]!;
    const file = this.#file[operation]!;
    const done = this.#doneBytes[operation]!;
    const fileOffset = this.#fileOffset[operation]! + done;
    const memory = this.#memories[this.#memory[operation]!]!;
    const bufferOffset = memory.bytes.byteOffset + this.#memoryOffset[operation]! + done;
    const bytes = this.#bytes[operation]! - done;
    const moves = opcode === OP.READ || opcode === OP.WRITE;
    const aligned = ((fileOffset | bufferOffset | bytes) & (directAlignment - 1)) === 0;
    const direct = moves && aligned && this.#useDirect[file] === 1;
    this.#direct[operation] = direct ? 1 : 0;

    const slot = this.#control[0]! & this.#commandMask;
    const words = this.#commands;
    const doubles = this.#commandDoubles;
    const at = slot * commandWords;
    words[at] = opcode;
    words[at + 1] = direct ? this.#directFiles[file]! : this.#bufferedFiles[file]!;
    words[at + 2] = memory.index;
    words[at + 3] = moves ? bytes : 0;
    words[at + 4] = opcode === OP.FALLOCATE ? punchHole : 0;
    words[at + 5] = operation;
    words[at + 6] = 0;
    doubles[at / 2 + 4] = fileOffset;
    doubles[at / 2 + 5] = bufferOffset;
    doubles[at / 2 + 6] = moves ? 0 : bytes;
    this.#control[0]!++;
  }

  #completed(operation: number, result: number): void {
    const status = this.#statusOf(operation, result);
    if (status === undefined) this.#issue(operation);
    else this.#finish(operation, status);
  }

  /** What the operation ends with; undefined if a command for its rest is needed. */
  #statusOf(operation: number, result: number): number | undefined {
    const opcode = this.#opcode[operation]!;
    if (result === -errno.EINTR || result === -errno.EAGAIN) return undefined;
    if (result === -errno.EINVAL && this.#direct[operation] === 1) {
      // The device wants another alignment, or the file system refuses after all: the page cache takes anything.
      this.#useDirect[this.#file[operation]!] = 0;
      return undefined;
    }
    if (result < 0 || (opcode !== OP.READ && opcode !== OP.WRITE)) return result;
    const bytes = this.#bytes[operation]!;
    const done = this.#doneBytes[operation]! + result;
    this.#doneBytes[operation] = done;
    if (done === bytes) return bytes;
    if (result > 0) return undefined;
    if (opcode === OP.WRITE) return -errno.EIO;
    // Behind the end of the file nothing was ever written.
    const from = this.#memoryOffset[operation]!;
    this.#memories[this.#memory[operation]!]!.bytes.fill(0, from + done, from + bytes);
    return bytes;
  }

  #finish(operation: number, status: number): void {
    const resolve = this.#resolve[operation]!;
    const next = this.#waiting.shift();
    if (next === undefined) this.#operations.give(operation);
    else next(operation);
    resolve(status);
  }
}
