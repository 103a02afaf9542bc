import { errno } from "../core/errno.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";
import type { Incoming, Rpc } from "../rpc/service.ts";
import type { Fields } from "../rpc/struct.ts";
import type { BufferPool } from "./buffers.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Counters } from "./counters.ts";
import { filesToDrop } from "./drops.ts";
import { BufferLeases } from "./leases.ts";

export interface ChunkServiceOptions {
  readonly rpc: Rpc;
  readonly chunks: ChunkStore;
  readonly arena: Uint8Array;
  /** Buffers of `chunkBytes` for grants, at most 65,536. */
  readonly buffers: BufferPool;
  /** Buffers of `inlineBytes`, for inline payloads that do not lie in the arena. */
  readonly inlineBuffers: BufferPool;
  readonly counters: Counters;
}

/** A range of one chunk, as requests name it. */
interface Range {
  readonly ino: number;
  readonly chunk: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

type GrantReply = Incoming<(typeof operations.grantWrite)["reply"]["fields"]>;

/** Serves the operations on chunks. A grant is a lease of a buffer; a lease ends with commit, release or its peer. */
export class ChunkService {
  readonly #chunks: ChunkStore;
  readonly #arena: Uint8Array;
  readonly #buffers: BufferPool;
  readonly #inlineBuffers: BufferPool;
  readonly #counters: Counters;
  readonly #leases: BufferLeases;
  readonly #lost = new Set<number>();

  constructor({ rpc, chunks, arena, buffers, inlineBuffers, counters }: ChunkServiceOptions) {
    this.#chunks = chunks;
    this.#arena = arena;
    this.#buffers = buffers;
    this.#inlineBuffers = inlineBuffers;
    this.#counters = counters;
    this.#leases = new BufferLeases(buffers.count);

    rpc.serve(operations.writeInline, (request, incoming) => {
      const range = { ...request, lengthBytes: incoming.payload.length };
      if (this.#valid(range, inlineBytes, incoming)) void this.#writeInline(range, incoming);
    });
    rpc.serve(operations.readInline, (range, incoming) => {
      if (this.#valid(range, inlineBytes, incoming)) void this.#readInline(range, incoming);
    });
    rpc.serve(operations.grantWrite, (range, incoming) => {
      if (this.#valid(range, chunkBytes, incoming)) void this.#grantWrite(range, incoming);
    });
    rpc.serve(operations.grantRead, (range, incoming) => {
      if (this.#valid(range, chunkBytes, incoming)) void this.#grantRead(range, incoming);
    });
    rpc.serve(operations.commitWrite, ({ lease }, incoming) => void this.#commitWrite(lease, incoming));
    rpc.serve(operations.release, ({ lease }, incoming) => this.#release(lease, incoming));
    rpc.serve(operations.dropChunks, ({ files }, incoming) => void this.#drop(files, incoming));
    rpc.onPeerLost((peer) => {
      this.#lost.add(peer);
      this.#buffers.abandon(peer);
      this.#inlineBuffers.abandon(peer);
      for (const buffer of this.#leases.endAll(peer)) this.#buffers.release(buffer);
    });
  }

  async #writeInline({ ino, chunk, offsetBytes, lengthBytes }: Range, incoming: Incoming<Fields>): Promise<void> {
    let at = this.#inArena(incoming.payload);
    let buffer = -1;
    if (at === -1) {
      buffer = await this.#inlineBuffers.acquire(incoming.peer);
      if (buffer === -1) return incoming.fail(-errno.EHOSTDOWN);
      at = this.#inlineBuffers.offsetOf(buffer);
      this.#arena.set(incoming.payload, at);
    }
    const status = await this.#chunks.write(ino, chunk, offsetBytes, at, lengthBytes);
    if (buffer !== -1) this.#inlineBuffers.release(buffer);
    if (status !== 0) return incoming.fail(status);
    this.#counters.bytesWritten += lengthBytes;
    incoming.respond({});
  }

  async #readInline({ ino, chunk, offsetBytes, lengthBytes }: Range, incoming: Incoming<Fields>): Promise<void> {
    const reply = incoming.replyBuffer();
    let at = this.#inArena(reply);
    let buffer = -1;
    if (at === -1) {
      buffer = await this.#inlineBuffers.acquire(incoming.peer);
      if (buffer === -1) return incoming.fail(-errno.EHOSTDOWN);
      at = this.#inlineBuffers.offsetOf(buffer);
    }
    const status = await this.#chunks.read(ino, chunk, offsetBytes, at, lengthBytes);
    if (buffer !== -1) {
      if (status === 0) reply.set(this.#arena.subarray(at, at + lengthBytes));
      this.#inlineBuffers.release(buffer);
    }
    if (status !== 0) return incoming.fail(status);
    this.#counters.bytesRead += lengthBytes;
    incoming.respond({}, lengthBytes);
  }

  async #grantWrite(range: Range, incoming: GrantReply): Promise<void> {
    // Before the client moves any data: is there room for it?
    const reserved = await this.#chunks.reserve(range.ino, range.chunk);
    if (reserved !== 0) return incoming.fail(reserved);
    const buffer = await this.#acquire(incoming);
    if (buffer !== -1) this.#lend(buffer, range, incoming);
  }

  async #grantRead(range: Range, incoming: GrantReply): Promise<void> {
    const buffer = await this.#acquire(incoming);
    if (buffer === -1) return;
    const { ino, chunk, offsetBytes, lengthBytes } = range;
    const status = await this.#chunks.read(ino, chunk, offsetBytes, this.#buffers.offsetOf(buffer), lengthBytes);
    if (status !== 0 || this.#lost.has(incoming.peer)) {
      this.#buffers.release(buffer);
      incoming.fail(status !== 0 ? status : -errno.EHOSTDOWN);
      return;
    }
    this.#counters.bytesRead += lengthBytes;
    this.#lend(buffer, range, incoming);
  }

  async #commitWrite(lease: number, incoming: Incoming<Fields>): Promise<void> {
    const leases = this.#leases;
    const buffer = leases.end(lease, incoming.peer);
    if (buffer === -1) return incoming.fail(-errno.EPERM);
    const lengthBytes = leases.lengthBytes[buffer]!;
    const status = await this.#chunks.write(
      leases.ino[buffer]!,
      leases.chunk[buffer]!,
      leases.offsetBytes[buffer]!,
      this.#buffers.offsetOf(buffer),
      lengthBytes,
    );
    this.#buffers.release(buffer);
    if (status !== 0) return incoming.fail(status);
    this.#counters.bytesWritten += lengthBytes;
    incoming.respond({});
  }

  #release(lease: number, incoming: Incoming<Fields>): void {
    const buffer = this.#leases.end(lease, incoming.peer);
    if (buffer === -1) {
      incoming.fail(-errno.EPERM);
      return;
    }
    this.#buffers.release(buffer);
    incoming.respond({});
  }

  async #drop(files: number, incoming: Incoming<Fields>): Promise<void> {
    const inos = filesToDrop(files, incoming.payload);
    const status = inos === undefined ? -errno.EINVAL : await this.#chunks.drop(inos);
    if (status === 0) incoming.respond({});
    else incoming.fail(status);
  }

  /** A chunk buffer for the caller; -1 if the caller is gone (and has been answered). */
  async #acquire(incoming: Incoming<Fields>): Promise<number> {
    const buffer = await this.#buffers.acquire(incoming.peer);
    if (buffer !== -1 && !this.#lost.has(incoming.peer)) return buffer;
    if (buffer !== -1) this.#buffers.release(buffer);
    incoming.fail(-errno.EHOSTDOWN);
    return -1;
  }

  #lend(buffer: number, { ino, chunk, offsetBytes, lengthBytes }: Range, incoming: GrantReply): void {
    const leases = this.#leases;
    leases.ino[buffer] = ino;
    leases.chunk[buffer] = chunk;
    leases.offsetBytes[buffer] = offsetBytes;
    leases.lengthBytes[buffer] = lengthBytes;
    incoming.respond({ arenaOffset: this.#buffers.offsetOf(buffer), lease: leases.begin(buffer, incoming.peer) });
  }

  /** Byte offset of a view of the arena; -1 if it is other memory. */
  #inArena(view: Uint8Array): number {
    const at = view.byteOffset - this.#arena.byteOffset;
    const within = view.buffer === this.#arena.buffer && at >= 0 && at + view.length <= this.#arena.length;
    return within ? at : -1;
  }

  /** Whether the range lies within a chunk and is up to `most` bytes; if not, the request has been answered. */
  #valid({ offsetBytes, lengthBytes }: Range, most: number, incoming: Incoming<Fields>): boolean {
    const valid = lengthBytes > 0 && lengthBytes <= most && offsetBytes + lengthBytes <= chunkBytes;
    if (!valid) incoming.fail(-errno.EINVAL);
    return valid;
  }
}
