import { errno } from "../core/errno.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { chunkServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { RemoteMemory } from "../rpc/remote-memory.ts";
import type { Rpc } from "../rpc/service.ts";
import { type BounceBuffers, bounceBytes } from "./bounce-buffers.ts";
import { FileSystemError } from "./file-system.ts";
import { type Piece, pieceAt, pieceCount } from "./pieces.ts";
import { windowed } from "./windowed.ts";

export interface ChunkTransfersOptions {
  readonly rpc: Rpc;
  readonly memory: RemoteMemory;
  /** World ranks by server index. */
  readonly servers: readonly number[];
  readonly arena: Uint8Array;
  readonly bounceBuffers: BounceBuffers;
  /** Pieces of one request in flight at most. */
  readonly window: number;
}

/** The file that a request is about; `path` is for errors. */
export interface FileIdentity {
  readonly ino: number;
  readonly path: string;
}

/** A call of `path` has failed with `status` if that is not 0. */
function check(status: number, syscall: string, file: FileIdentity, serverRank: number): void {
  if (status !== 0) throw new FileSystemError(status, syscall, file.path, serverRank);
}

/**
 * Moves bytes between memory of this process and the chunks of files. A request is cut into pieces, which go to their
 * servers in parallel: small ones within the message, large ones by RMA between the arenas, through a bounce buffer
 * when the caller's memory is outside of the arena.
 */
export class ChunkTransfers {
  readonly #rpc: Rpc;
  readonly #memory: RemoteMemory;
  readonly #servers: readonly number[];
  readonly #arena: Uint8Array;
  readonly #bounceBuffers: BounceBuffers;
  readonly #window: number;

  constructor(options: ChunkTransfersOptions) {
    this.#rpc = options.rpc;
    this.#memory = options.memory;
    this.#servers = options.servers;
    this.#arena = options.arena;
    this.#bounceBuffers = options.bounceBuffers;
    this.#window = options.window;
  }

  /** Resolves when every server has all of `source`; rejects with the first failure, having written any part of it. */
  write(file: FileIdentity, source: Uint8Array, position: number): Promise<void> {
    const pieceBytes = this.#pieceBytes(source);
    return windowed(pieceCount(position, source.length, pieceBytes), this.#window, (index) =>
      this.#writePiece(file, pieceAt(position, source.length, pieceBytes, index), source),
    );
  }

  /** Fills `target`; what was never written reads as zeros. Rejects with the first failure. */
  read(file: FileIdentity, target: Uint8Array, position: number): Promise<void> {
    const pieceBytes = this.#pieceBytes(target);
    return windowed(pieceCount(position, target.length, pieceBytes), this.#window, (index) =>
      this.#readPiece(file, pieceAt(position, target.length, pieceBytes, index), target),
    );
  }

  async #writePiece(file: FileIdentity, piece: Piece, source: Uint8Array): Promise<void> {
    const server = this.#servers[chunkServer(file.ino, piece.chunk, this.#servers.length)]!;
    const { start, bytes, chunk, offsetBytes } = piece;
    if (bytes <= inlineBytes) {
      const payload = source.subarray(start, start + bytes);
      const request = { ino: file.ino, chunk, offsetBytes };
      const { status } = await this.#rpc.call(operations.writeInline, server, request, { payload });
      check(status, "write", file, server);
    } else if (this.#isInArena(source)) {
      await this.#put(file, server, piece, source.byteOffset - this.#arena.byteOffset + start);
    } else {
      const bounce = await this.#bounceBuffers.take();
      try {
        bounce.set(source.subarray(start, start + bytes));
        await this.#put(file, server, piece, bounce.byteOffset - this.#arena.byteOffset);
      } finally {
        this.#bounceBuffers.give(bounce);
      }
    }
  }

  async #readPiece(file: FileIdentity, piece: Piece, target: Uint8Array): Promise<void> {
    const server = this.#servers[chunkServer(file.ino, piece.chunk, this.#servers.length)]!;
    const { start, bytes, chunk, offsetBytes } = piece;
    if (bytes <= inlineBytes) {
      let received = 0;
      const onPayload = (payload: Uint8Array) => {
        received = payload.length;
        if (received === bytes) target.set(payload, start);
      };
      const request = { ino: file.ino, chunk, offsetBytes, lengthBytes: bytes };
      const { status } = await this.#rpc.call(operations.readInline, server, request, { onPayload });
      check(status === 0 && received !== bytes ? -errno.EIO : status, "read", file, server);
    } else if (this.#isInArena(target)) {
      await this.#get(file, server, piece, target.byteOffset - this.#arena.byteOffset + start);
    } else {
      const bounce = await this.#bounceBuffers.take();
      try {
        await this.#get(file, server, piece, bounce.byteOffset - this.#arena.byteOffset);
        target.set(bounce.subarray(0, bytes), start);
      } finally {
        this.#bounceBuffers.give(bounce);
      }
    }
  }

  async #put(file: FileIdentity, server: number, piece: Piece, localOffset: number): Promise<void> {
    const { bytes, chunk, offsetBytes } = piece;
    const request = { ino: file.ino, chunk, offsetBytes, lengthBytes: bytes };
    const grant = await this.#rpc.call(operations.grantWrite, server, request);
    check(grant.status, "write", file, server);
    const moved = await this.#memory.put(server, grant.arenaOffset, localOffset, bytes);
    if (moved !== 0) void this.#rpc.call(operations.release, server, { lease: grant.lease });
    check(moved, "write", file, server);
    const commit = await this.#rpc.call(operations.commitWrite, server, { lease: grant.lease });
    check(commit.status, "write", file, server);
  }

  async #get(file: FileIdentity, server: number, piece: Piece, localOffset: number): Promise<void> {
    const { bytes, chunk, offsetBytes } = piece;
    const request = { ino: file.ino, chunk, offsetBytes, lengthBytes: bytes };
    const grant = await this.#rpc.call(operations.grantRead, server, request);
    check(grant.status, "read", file, server);
    const moved = await this.#memory.get(server, grant.arenaOffset, localOffset, bytes);
    // Nobody waits for it: whether the server got it changes nothing for the reader.
    void this.#rpc.call(operations.release, server, { lease: grant.lease });
    check(moved, "read", file, server);
  }

  #pieceBytes(buffer: Uint8Array): number {
    return this.#isInArena(buffer) ? chunkBytes : bounceBytes;
  }

  #isInArena(buffer: Uint8Array): boolean {
    const arena = this.#arena;
    if (buffer.buffer !== arena.buffer) return false;
    const start = buffer.byteOffset - arena.byteOffset;
    return start >= 0 && start + buffer.length <= arena.length;
  }
}
