import { constants } from "node:fs";
import { errno } from "../core/errno.ts";
import { chunkBytes } from "../core/limits.ts";
import { chunkServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { ChunkTransfers, FileIdentity } from "./chunk-transfers.ts";
import { rangeStatus } from "./file-range.ts";
import { type FileHandle, type FileKind, type FileStat, FileSystemError } from "./file-system.ts";
import { type AttributesReply, fileStat, kindOf, type Name } from "./namespace.ts";
import { mayRead, mayWrite } from "./open-flags.ts";
import { windowed } from "./windowed.ts";

/** Parts of the file system that every open file uses. */
export interface FileContext {
  readonly rpc: Rpc;
  /** World ranks by server index. */
  readonly servers: readonly number[];
  readonly transfers: ChunkTransfers;
  readonly window: number;
  /** Class `device`: `sync` and `close` flush what they concern. */
  readonly flushes: boolean;
}

/**
 * An open file. Data goes to the chunk servers at once; the size goes to the name's server with `sync` and `close`,
 * so that writing costs no metadata operation. Until then this handle alone knows what it has appended.
 */
export class BenchFile implements FileHandle {
  readonly #context: FileContext;
  readonly #file: FileIdentity;
  readonly #name: Name;
  readonly #kind: FileKind;
  readonly #flags: number;
  #open = true;
  /** The size as the name's server said last. */
  #knownBytes: number;
  /** End of what was written here and not yet told to the name's server; 0 when nothing was. */
  #writtenEnd = 0;
  /** Servers, by index, that have something of this handle to flush; undefined when nothing is ever flushed. */
  readonly #unflushed: Set<number> | undefined;

  /** @param attributes What opening it answered. */
  constructor(context: FileContext, path: string, name: Name, flags: number, attributes: AttributesReply) {
    this.#context = context;
    this.#file = { ino: attributes.ino, path };
    this.#name = name;
    this.#kind = kindOf(attributes);
    this.#flags = flags;
    this.#knownBytes = attributes.sizeBytes;
    this.#unflushed = context.flushes ? new Set() : undefined;
    if ((flags & (constants.O_CREAT | constants.O_TRUNC)) !== 0) this.#unflushed?.add(name.server);
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    this.#check("read", mayRead(this.#flags) ? 0 : -errno.EBADF);
    this.#check("read", rangeStatus(buffer, offset, length, position));
    if (length === 0) return { bytesRead: 0 };
    this.#check("read", this.#kind === "directory" ? -errno.EISDIR : 0);
    if (position + length > this.#sizeBytes) await this.#refresh("read");
    const bytesRead = Math.max(0, Math.min(length, this.#sizeBytes - position));
    await this.#context.transfers.read(this.#file, buffer.subarray(offset, offset + bytesRead), position);
    return { bytesRead };
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    this.#check("write", mayWrite(this.#flags) ? 0 : -errno.EBADF);
    this.#check("write", rangeStatus(buffer, offset, length, position));
    if (length === 0) return { bytesWritten: 0 };
    await this.#context.transfers.write(this.#file, buffer.subarray(offset, offset + length), position);
    this.#writtenEnd = Math.max(this.#writtenEnd, position + length);
    if (this.#unflushed !== undefined) this.#noteWritten(position, length, this.#unflushed);
    return { bytesWritten: length };
  }

  async sync(): Promise<void> {
    this.#check("fsync", 0);
    await this.#publish("fsync");
  }

  async stat(): Promise<FileStat> {
    this.#check("fstat", 0);
    const attributes = await this.#refresh("fstat");
    return { ...fileStat(attributes), size: this.#sizeBytes };
  }

  async close(): Promise<void> {
    this.#check("close", 0);
    this.#open = false;
    await this.#publish("close");
  }

  get #sizeBytes(): number {
    return Math.max(this.#knownBytes, this.#writtenEnd);
  }

  /** Asks the name's server for the size. */
  async #refresh(syscall: string): Promise<AttributesReply> {
    const { rpc, servers } = this.#context;
    const { parent, bytes, server } = this.#name;
    const attributes = await rpc.call(operations.lookup, servers[server]!, { parent }, { payload: bytes });
    const replaced = attributes.status === 0 && attributes.ino !== this.#file.ino;
    this.#checkReply(syscall, replaced ? -errno.ENOENT : attributes.status, server);
    this.#knownBytes = attributes.sizeBytes;
    return attributes;
  }

  /** Tells the name's server what was written, then flushes where the durability class asks for it. */
  async #publish(syscall: string): Promise<void> {
    if (this.#writtenEnd > 0) await this.#extend(syscall);
    if (this.#unflushed !== undefined) await this.#flush(syscall, this.#unflushed);
  }

  async #extend(syscall: string): Promise<void> {
    const { rpc, servers } = this.#context;
    const { parent, bytes, server } = this.#name;
    const sizeBytes = this.#writtenEnd;
    // From here on a truncation by others counts: writes of before must not raise the size a second time.
    this.#writtenEnd = 0;
    const request = { parent, ino: this.#file.ino, sizeBytes, mtimeUs: Date.now() * 1000 };
    const { status } = await rpc.call(operations.extend, servers[server]!, request, { payload: bytes });
    if (status !== 0) this.#writtenEnd = Math.max(this.#writtenEnd, sizeBytes);
    this.#checkReply(syscall, status, server);
    this.#knownBytes = Math.max(this.#knownBytes, sizeBytes);
  }

  async #flush(syscall: string, unflushed: Set<number>): Promise<void> {
    const { rpc, servers, window } = this.#context;
    const now = [...unflushed];
    unflushed.clear();
    try {
      await windowed(now.length, window, async (index) => {
        const { status } = await rpc.call(operations.flush, servers[now[index]!]!, {});
        this.#checkReply(syscall, status, now[index]!);
      });
    } catch (error) {
      for (const server of now) unflushed.add(server);
      throw error;
    }
  }

  #noteWritten(position: number, length: number, unflushed: Set<number>): void {
    const servers = this.#context.servers.length;
    const first = Math.floor(position / chunkBytes);
    const last = Math.floor((position + length - 1) / chunkBytes);
    // Round robin: no server comes up anew after as many chunks as there are servers.
    for (let chunk = first; chunk <= Math.min(last, first + servers - 1); chunk++) {
      unflushed.add(chunkServer(this.#file.ino, chunk, servers));
    }
    unflushed.add(this.#name.server);
  }

  #check(syscall: string, status: number): void {
    if (!this.#open) throw new FileSystemError(-errno.EBADF, syscall, this.#file.path);
    if (status !== 0) throw new FileSystemError(status, syscall, this.#file.path);
  }

  #checkReply(syscall: string, status: number, server: number): void {
    if (status === 0) return;
    // Opened once, so its name existed: it was removed or made anew since.
    const reason = status === -errno.ENOENT ? -errno.ESTALE : status;
    throw new FileSystemError(reason, syscall, this.#file.path, this.#context.servers[server]!);
  }
}
