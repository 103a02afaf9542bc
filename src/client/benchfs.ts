import { constants } from "node:fs";
import { errno } from "../core/errno.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import { ArenaAllocator } from "./arena-allocator.ts";
import { BenchFile, type FileContext } from "./benchfs-file.ts";
import { BounceBuffers, bounceBytes } from "./bounce-buffers.ts";
import { ChunkTransfers } from "./chunk-transfers.ts";
import { decodeEntries } from "./directory-page.ts";
import {
  type DirectoryEntry,
  type FileHandle,
  type FileStat,
  type FileSystem,
  FileSystemError,
} from "./file-system.ts";
import { fileStat, Namespace } from "./namespace.ts";
import { defaultDirectoryMode, defaultFileMode, mayWrite, meaningfulFlags } from "./open-flags.ts";
import { windowed } from "./windowed.ts";

/** Bounce buffers of a client: enough to overlap copies with transfers. */
const bounceBufferCount = 4;

export interface BenchFileSystemOptions {
  readonly rpc: Rpc;
  /** World ranks of the servers, by server index. */
  readonly servers: readonly number[];
  /** The registered memory of this process. */
  readonly arena: Uint8Array;
  /** The part of the arena that is free for payload: byte offset and length. */
  readonly payload: { readonly offset: number; readonly bytes: number };
  /** Messages or transfers of one request in flight at most. */
  readonly window: number;
  readonly durability: "memory" | "pagecache" | "device";
}

/** The distributed file system as one client sees it. */
export class BenchFileSystem implements FileSystem {
  readonly name = "benchfs";
  readonly #context: FileContext;
  readonly #namespace: Namespace;
  readonly #allocator: ArenaAllocator;

  /** @throws BenchError ERR_CONFIG when the payload memory is too small for the bounce buffers (4 MiB). */
  constructor({ rpc, servers, arena, payload, window, durability }: BenchFileSystemOptions) {
    this.#allocator = new ArenaAllocator(arena, payload);
    const bounceBuffers = new BounceBuffers(
      Array.from({ length: bounceBufferCount }, () => this.#allocator.allocate(bounceBytes)),
    );
    const transfers = new ChunkTransfers({ rpc, servers, arena, bounceBuffers, window });
    this.#context = { rpc, servers, transfers, window, flushes: durability === "device" };
    this.#namespace = new Namespace(rpc, servers);
  }

  async open(path: string, flags: number, mode = defaultFileMode): Promise<FileHandle> {
    const counted = flags & meaningfulFlags;
    const opened = path === "/" ? await this.#openRoot(counted) : await this.#openName(path, counted, mode);
    return new BenchFile(this.#context, path, opened.name, counted, opened.reply);
  }

  async stat(path: string): Promise<FileStat> {
    const { reply } = await this.#namespace.at("stat", path, operations.lookup, { parent: 0 });
    return fileStat(reply);
  }

  async unlink(path: string): Promise<void> {
    if (path === "/") throw new FileSystemError(-errno.EISDIR, "unlink", path);
    await this.#namespace.at("unlink", path, operations.unlink, { parent: 0 });
  }

  async mkdir(path: string, mode = defaultDirectoryMode): Promise<void> {
    if (path === "/") throw new FileSystemError(-errno.EEXIST, "mkdir", path);
    const { reply } = await this.#namespace.at("mkdir", path, operations.mkdir, { parent: 0, mode });
    this.#namespace.made(path, reply.ino);
  }

  async rmdir(path: string): Promise<void> {
    if (path === "/") throw new FileSystemError(-errno.EBUSY, "rmdir", path);
    await this.#namespace.at("rmdir", path, operations.rmdir, { parent: 0 });
    this.#namespace.removed(path);
  }

  readdir(path: string): Promise<DirectoryEntry[]> {
    return this.#namespace.inDirectory("readdir", path, async (directory) => {
      const { servers, window } = this.#context;
      const entries: DirectoryEntry[] = [];
      await windowed(servers.length, window, (index) => this.#listPart(path, directory, servers[index]!, entries));
      return entries;
    });
  }

  get directoryParts(): number {
    return this.#context.servers.length;
  }

  async *readdirPart(path: string, part: number): AsyncGenerator<DirectoryEntry[]> {
    const server = this.#context.servers[part]!;
    // The inode number that the first page was found under holds for all pages.
    const first = await this.#namespace.inDirectory("readdir", path, async (directory) => {
      const entries: DirectoryEntry[] = [];
      return { directory, entries, next: await this.#listPage(path, directory, server, new Uint8Array(0), entries) };
    });
    yield first.entries;
    for (let next = first.next; next !== undefined; ) {
      const entries: DirectoryEntry[] = [];
      next = await this.#listPage(path, first.directory, server, next, entries);
      yield entries;
    }
  }

  allocate(bytes: number): Uint8Array {
    return this.#allocator.allocate(bytes);
  }

  #openName(path: string, flags: number, mode: number) {
    return this.#namespace.at("open", path, operations.open, { parent: 0, flags, mode });
  }

  #openRoot(flags: number) {
    const exclusive = constants.O_CREAT | constants.O_EXCL;
    if ((flags & exclusive) === exclusive) throw new FileSystemError(-errno.EEXIST, "open", "/");
    const changes = mayWrite(flags) || (flags & (constants.O_CREAT | constants.O_TRUNC)) !== 0;
    if (changes) throw new FileSystemError(-errno.EISDIR, "open", "/");
    return this.#namespace.at("open", "/", operations.lookup, { parent: 0 });
  }

  /** Appends the entries of a directory that one server has, page by page. */
  async #listPart(path: string, directory: number, server: number, entries: DirectoryEntry[]): Promise<void> {
    let cursor: Uint8Array | undefined = new Uint8Array(0);
    while (cursor !== undefined) cursor = await this.#listPage(path, directory, server, cursor, entries);
  }

  /** Appends the entries that one server has after `cursor`. @returns The next page's cursor; undefined at the end. */
  async #listPage(
    path: string,
    directory: number,
    server: number,
    cursor: Uint8Array,
    entries: DirectoryEntry[],
  ): Promise<Uint8Array | undefined> {
    let next = cursor;
    const onPayload = (page: Uint8Array) => {
      next = decodeEntries(page, entries);
    };
    const options = { payload: cursor, onPayload };
    const reply = await this.#context.rpc.call(operations.readDirectory, server, { directory }, options);
    if (reply.status !== 0) throw new FileSystemError(reply.status, "readdir", path, server);
    return reply.more === 1 ? next : undefined;
  }
}
