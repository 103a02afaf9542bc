import { errno } from "../core/errno.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";
import type { RemoteMemory } from "../rpc/remote-memory.ts";
import type { Incoming, Rpc } from "../rpc/service.ts";
import type { Fields } from "../rpc/struct.ts";
import type { BufferPool } from "./buffers.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Counters } from "./counters.ts";
import { filesToDrop } from "./drops.ts";
import { PeerMemories } from "./peer-memories.ts";
import type { Storage } from "./storage.ts";

export interface ChunkServiceOptions {
  readonly rpc: Rpc;
  readonly memory: RemoteMemory;
  readonly chunks: ChunkStore;
  readonly storage: Storage;
  /** Buffers of `chunkBytes` in the arena, for data of peers whose memory is not mapped here. */
  readonly buffers: BufferPool;
  /** Buffers of `inlineBytes`, for inline payloads that do not lie in the arena. */
  readonly inlineBuffers: BufferPool;
  readonly counters: Pick<Counters, "bytesRead" | "bytesWritten">;
}

/** A range of one chunk, as requests name it. */
interface Range {
  readonly ino: number;
  readonly chunk: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Serves the operations on chunks. The server moves large payloads: between the storage and the caller's memory in
 * place where it is mapped here, otherwise by RMA through a buffer. A request that waits for a buffer holds no memory
 * but its own.
 */
export class ChunkService {
  readonly #chunks: ChunkStore;
  readonly #storage: Storage;
  readonly #memory: RemoteMemory;
  readonly #peers: PeerMemories;
  readonly #buffers: BufferPool;
  readonly #inlineBuffers: BufferPool;
  readonly #counters: Pick<Counters, "bytesRead" | "bytesWritten">;

  constructor({ rpc, memory, chunks, storage, buffers, inlineBuffers, counters }: ChunkServiceOptions) {
    this.#chunks = chunks;
    this.#storage = storage;
    this.#memory = memory;
    this.#peers = new PeerMemories(memory, storage);
    this.#buffers = buffers;
    this.#inlineBuffers = inlineBuffers;
    this.#counters = counters;

    rpc.serve(operations.writeInline, (request, incoming) => {
      const range = { ...request, lengthBytes: incoming.payload.length };
      if (this.#valid(range, inlineBytes, incoming)) void this.#writeInline(range, incoming);
    });
    rpc.serve(operations.readInline, (range, incoming) => {
      if (this.#valid(range, inlineBytes, incoming)) void this.#readInline(range, incoming);
    });
    rpc.serve(operations.writeChunk, (request, incoming) => {
      if (!this.#valid(request, chunkBytes, incoming)) return;
      void this.#write(request, request.sourceOffset, incoming.peer).then((status) => {
        if (status !== 0) return incoming.fail(status);
        this.#counters.bytesWritten += request.lengthBytes;
        incoming.respond({});
      });
    });
    rpc.serve(operations.readChunk, (request, incoming) => {
      if (!this.#valid(request, chunkBytes, incoming)) return;
      void this.#read(request, request.targetOffset, incoming.peer).then((status) => {
        if (status !== 0) return incoming.fail(status);
        this.#counters.bytesRead += request.lengthBytes;
        incoming.respond({});
      });
    });
    rpc.serve(operations.dropChunks, ({ files }, incoming) => void this.#drop(files, incoming));
    rpc.onPeerLost((peer) => {
      this.#buffers.abandon(peer);
      this.#inlineBuffers.abandon(peer);
    });
  }

  async #writeInline({ ino, chunk, offsetBytes, lengthBytes }: Range, incoming: Incoming<Fields>): Promise<void> {
    const { arena } = this.#storage;
    let at = this.#inArena(incoming.payload);
    let buffer = -1;
    if (at === -1) {
      buffer = await this.#inlineBuffers.acquire(incoming.peer);
      if (buffer === -1) return incoming.fail(-errno.EHOSTDOWN);
      at = this.#inlineBuffers.offsetOf(buffer);
      arena.bytes.set(incoming.payload, at);
    }
    const status = await this.#chunks.write(ino, chunk, offsetBytes, arena, at, lengthBytes);
    if (buffer !== -1) this.#inlineBuffers.release(buffer);
    if (status !== 0) return incoming.fail(status);
    this.#counters.bytesWritten += lengthBytes;
    incoming.respond({});
  }

  async #readInline({ ino, chunk, offsetBytes, lengthBytes }: Range, incoming: Incoming<Fields>): Promise<void> {
    const { arena } = this.#storage;
    const reply = incoming.replyBuffer();
    let at = this.#inArena(reply);
    let buffer = -1;
    if (at === -1) {
      buffer = await this.#inlineBuffers.acquire(incoming.peer);
      if (buffer === -1) return incoming.fail(-errno.EHOSTDOWN);
      at = this.#inlineBuffers.offsetOf(buffer);
    }
    const status = await this.#chunks.read(ino, chunk, offsetBytes, arena, at, lengthBytes);
    if (buffer !== -1) {
      if (status === 0) reply.set(arena.bytes.subarray(at, at + lengthBytes));
      this.#inlineBuffers.release(buffer);
    }
    if (status !== 0) return incoming.fail(status);
    this.#counters.bytesRead += lengthBytes;
    incoming.respond({}, lengthBytes);
  }

  /** From the memory of `peer` into a chunk. 0 or a negative errno. */
  async #write({ ino, chunk, offsetBytes, lengthBytes }: Range, sourceOffset: number, peer: number): Promise<number> {
    const source = this.#peers.of(peer);
    if (source !== null) {
      if (sourceOffset + lengthBytes > source.bytes.length) return -errno.EINVAL;
      return this.#chunks.write(ino, chunk, offsetBytes, source, sourceOffset, lengthBytes);
    }
    // Before any data moves: is there room for it?
    const reserved = await this.#chunks.reserve(ino, chunk);
    if (reserved !== 0) return reserved;
    return this.#withBuffer(peer, async (at) => {
      const moved = await this.#memory.get(peer, sourceOffset, at, lengthBytes);
      return moved !== 0 ? moved : this.#chunks.write(ino, chunk, offsetBytes, this.#storage.arena, at, lengthBytes);
    });
  }

  /** From a chunk into the memory of `peer`. 0 or a negative errno. */
  async #read({ ino, chunk, offsetBytes, lengthBytes }: Range, targetOffset: number, peer: number): Promise<number> {
    const target = this.#peers.of(peer);
    if (target !== null) {
      if (targetOffset + lengthBytes > target.bytes.length) return -errno.EINVAL;
      return this.#chunks.read(ino, chunk, offsetBytes, target, targetOffset, lengthBytes);
    }
    return this.#withBuffer(peer, async (at) => {
      const status = await this.#chunks.read(ino, chunk, offsetBytes, this.#storage.arena, at, lengthBytes);
      return status !== 0 ? status : this.#memory.put(peer, targetOffset, at, lengthBytes);
    });
  }

  /** Runs `move` with the arena offset of a buffer, as soon as there is one; EHOSTDOWN if the peer goes before. */
  async #withBuffer(peer: number, move: (arenaOffset: number) => Promise<number>): Promise<number> {
    const buffer = await this.#buffers.acquire(peer);
    if (buffer === -1) return -errno.EHOSTDOWN;
    const status = await move(this.#buffers.offsetOf(buffer));
    this.#buffers.release(buffer);
    return status;
  }

  async #drop(files: number, incoming: Incoming<Fields>): Promise<void> {
    const inos = filesToDrop(files, incoming.payload);
    const status = inos === undefined ? -errno.EINVAL : await this.#chunks.drop(inos);
    if (status === 0) incoming.respond({});
    else incoming.fail(status);
  }

  /** Byte offset of a view of the arena; -1 if it is other memory. */
  #inArena(view: Uint8Array): number {
    const { bytes } = this.#storage.arena;
    const at = view.byteOffset - bytes.byteOffset;
    const within = view.buffer === bytes.buffer && at >= 0 && at + view.length <= bytes.length;
    return within ? at : -1;
  }

  /** Whether the range lies within a chunk and is up to `most` bytes; if not, the request has been answered. */
  #valid({ offsetBytes, lengthBytes }: Range, most: number, incoming: Incoming<Fields>): boolean {
    const valid = lengthBytes > 0 && lengthBytes <= most && offsetBytes + lengthBytes <= chunkBytes;
    if (!valid) incoming.fail(-errno.EINVAL);
    return valid;
  }
}
