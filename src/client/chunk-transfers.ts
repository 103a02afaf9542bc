import { errno } from "../core/errno.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { chunkServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import { type BounceBuffers, bounceBytes } from "./bounce-buffers.ts";
import { FileSystemError } from "./file-system.ts";
import { type Piece, pieceAt, pieceCount } from "./pieces.ts";
import { windowed } from "./windowed.ts";

export interface ChunkTransfersOptions {
  readonly rpc: Rpc;
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
 * servers in parallel: small ones within the message; large ones are moved by the server, from and to the arena of this
 * process, through a bounce buffer when the caller's memory is outside of it.
 */
export class ChunkTransfers {
  readonly #rpc: Rpc;
  readonly #servers: readonly number[];
  readonly #arena: Uint8Array;
  readonly #bounceBuffers: BounceBuffers;
  readonly #window: number;

  constructor(options: ChunkTransfersOptions) {
    this.#rpc = options.rpc;
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
      const status = await this.#write(file, server, piece, source.byteOffset - this.#arena.byteOffset + start);
      check(status, "write", file, server);
    } else {
      const status = await this.#bounced((bounce, arenaOffset) => {
        bounce.set(source.subarray(start, start + bytes));
        return this.#write(file, server, piece, arenaOffset);
      });
      check(status, "write", file, server);
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
      const status = await this.#read(file, server, piece, target.byteOffset - this.#arena.byteOffset + start);
      check(status, "read", file, server);
    } else {
      const status = await this.#bounced(async (bounce, arenaOffset) => {
        const moved = await this.#read(file, server, piece, arenaOffset);
        if (moved === 0) target.set(bounce.subarray(0, bytes), start);
        return moved;
      });
      check(status, "read", file, server);
    }
  }

  /** The server takes `bytes` bytes at `arenaOffset`, or puts them there. */
  async #write(file: FileIdentity, server: number, piece: Piece, arenaOffset: number): Promise<number> {
    const { bytes, chunk, offsetBytes } = piece;
    const request = { ino: file.ino, chunk, offsetBytes, lengthBytes: bytes, sourceOffset: arenaOffset };
    return (await this.#rpc.call(operations.writeChunk, server, request)).status;
  }

  async #read(file: FileIdentity, server: number, piece: Piece, arenaOffset: number): Promise<number> {
    const { bytes, chunk, offsetBytes } = piece;
    const request = { ino: file.ino, chunk, offsetBytes, lengthBytes: bytes, targetOffset: arenaOffset };
    return (await this.#rpc.call(operations.readChunk, server, request)).status;
  }

  /**
   * Runs `move` with a bounce buffer. After ETIMEDOUT the server may still move data, so the buffer is not used again.
   * @returns The status of `move`; ETIMEDOUT also when silent servers have all bounce buffers.
   */
  async #bounced(move: (bounce: Uint8Array, arenaOffset: number) => Promise<number>): Promise<number> {
    const bounce = await this.#bounceBuffers.take();
    if (bounce === undefined) return -errno.ETIMEDOUT;
    const status = await move(bounce, bounce.byteOffset - this.#arena.byteOffset);
    if (status === -errno.ETIMEDOUT) this.#bounceBuffers.retire();
    else this.#bounceBuffers.give(bounce);
    return status;
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
