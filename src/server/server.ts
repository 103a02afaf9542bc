import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { errno } from "../core/errno.ts";
import { BenchError } from "../core/errors.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { StageTimer } from "../core/stage-timer.ts";
import { operations } from "../rpc/operations.ts";
import type { RemoteMemory } from "../rpc/remote-memory.ts";
import type { Rpc } from "../rpc/service.ts";
import { BufferPool, type BufferRegion } from "./buffers.ts";
import { ChunkService } from "./chunk-service.ts";
import { ChunkStore } from "./chunk-store.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Counters } from "./counters.ts";
import { Database } from "./database.ts";
import { Drops } from "./drops.ts";
import { Flusher } from "./flusher.ts";
import { MetadataService } from "./metadata-service.ts";
import { MetadataStore } from "./metadata-store.ts";
import { serveProbes } from "./probe-service.ts";
import type { Durability, Storage } from "./storage.ts";
import { claimStorageDirectory, storageError } from "./storage-directory.ts";
import { TimedIncoming } from "./timed-incoming.ts";
import { TimedStorage } from "./timed-storage.ts";

export interface ServerOptions {
  readonly rpc: Rpc;
  readonly serverIndex: number;
  /** World ranks by server index. */
  readonly servers: readonly number[];
  /** This server's own directory; made if absent, but not its parents. */
  readonly storagePath: string;
  readonly durability: Durability;
  /** Opens the data part of the storage path; called once, after the path has been checked. */
  readonly openStorage: (storagePath: string) => Promise<Storage>;
  readonly memory: RemoteMemory;
  /** Buffers of `chunkBytes` in the arena that are the server's: one for inline payloads, the others for RMA. */
  readonly buffers: BufferRegion;
}

/** What a storage rank does: serves metadata and chunks from its storage path until it is closed. */
export class Server {
  readonly storage: Storage;
  readonly #database: Database;
  readonly #chunks: ChunkStore;
  readonly #drops: Drops;
  readonly #flusher: Flusher;
  readonly #pools: readonly BufferPool[];
  readonly #durability: Durability;
  #settled: Promise<void> | undefined;
  #closing = false;
  readonly #metadataPath: string;
  readonly #moved = { bytesRead: 0, bytesWritten: 0 };
  readonly #service = new StageTimer();
  readonly #device = new StageTimer();

  /**
   * Opens the storage path, recovers what an earlier server left there, and serves from then on.
   * @throws BenchError ERR_STORAGE when the path cannot be used, ERR_CONFIG when there are too few buffers.
   */
  static async open(options: ServerOptions): Promise<Server> {
    const { storagePath, serverIndex, servers, durability, buffers } = options;
    if (buffers.count < 2) {
      throw new BenchError(
        "ERR_CONFIG",
        `a server needs 2 buffers of ${chunkBytes} bytes or more, not ${buffers.count}`,
      );
    }
    claimStorageDirectory(storagePath, { serverIndex, servers: servers.length });
    const metadataPath = join(storagePath, "meta");
    let database: Database;
    try {
      // The chunks of an earlier server are gone; its names must be, too.
      if (durability === "memory") rmSync(metadataPath, { recursive: true, force: true });
      database = Database.open(metadataPath, durability);
    } catch (error) {
      throw storageError("open metadata", metadataPath, error);
    }
    let storage: Storage | undefined;
    try {
      storage = await options.openStorage(storagePath);
      return new Server(options, database, storage);
    } catch (error) {
      await storage?.close();
      await database.close();
      throw error;
    }
  }

  private constructor(options: ServerOptions, database: Database, untimed: Storage) {
    const { serverIndex, servers, memory, buffers, durability, storagePath } = options;
    const storage = new TimedStorage(untimed, this.#device);
    const rpc = this.#gated(options.rpc);
    const commits = new CommitQueue(database);
    const store = new MetadataStore(database, serverIndex);
    const chunks = new ChunkStore(database, commits, storage);
    const dropHere = (inos: readonly number[]): Promise<number> => chunks.drop(inos);
    const drops = new Drops({ store, commits, rpc, serverIndex, servers, dropHere });
    const flusher = new Flusher(
      () => chunks.flush(),
      () => database.flush((log) => storage.sync(log)),
    );
    const inlineBuffers = new BufferPool({ offset: buffers.offset, count: chunkBytes / inlineBytes }, inlineBytes);
    const rmaRegion = { offset: buffers.offset + chunkBytes, count: buffers.count - 1 };
    const rmaBuffers = new BufferPool(rmaRegion, chunkBytes);
    this.storage = storage;
    this.#metadataPath = join(storagePath, "meta");
    this.#database = database;
    this.#chunks = chunks;
    this.#drops = drops;
    this.#flusher = flusher;
    this.#pools = [inlineBuffers, rmaBuffers];
    this.#durability = durability;

    new MetadataService({ store, commits, rpc, drops, serverIndex, servers });
    const counters = this.#moved;
    new ChunkService({ rpc, memory, chunks, storage, buffers: rmaBuffers, inlineBuffers, counters });
    serveProbes(rpc, memory, rmaBuffers);
    rpc.serve(operations.flush, (_, incoming) => {
      if (durability !== "device") return incoming.respond({});
      void flusher.flush().then((status) => (status === 0 ? incoming.respond({}) : incoming.fail(status)));
    });
  }

  /** A copy of the counters. Blocks for as long as it takes to look up the sizes of a few files. */
  get counters(): Counters {
    return {
      ...this.#moved,
      requests: this.#service.count,
      flushes: this.#flusher.count,
      bufferWaits: this.#pools.reduce((sum, pool) => sum + pool.waits, 0),
      bufferWaitNs: this.#pools.reduce((sum, pool) => sum + pool.waitNs, 0),
      serviceSamples: this.#service.samples,
      serviceNs: this.#service.sampledNs,
      deviceAccesses: this.#device.count,
      deviceSamples: this.#device.samples,
      deviceNs: this.#device.sampledNs,
      metadataBytes: allocatedBytes(this.#metadataPath),
    };
  }

  /** Buffers that no request has now; all of them when nothing is under way. */
  get freeBuffers(): number {
    return this.#pools.reduce((sum, pool) => sum + pool.available, 0);
  }

  /** Slots that no chunk has now. */
  get freeSlots(): number {
    return this.#chunks.freeSlots;
  }

  /**
   * After the last request has been answered: ends background work and makes durable what the class says. The event
   * loop must run until it resolves, and must have stopped polling the storage before `close`.
   */
  settle(): Promise<void> {
    this.#settled ??= this.#settle();
    return this.#settled;
  }

  async #settle(): Promise<void> {
    this.#drops.close();
    await this.#chunks.close();
    if (this.#durability === "device") await this.#flusher.flush();
  }

  /** Settles, then closes storage and metadata. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.settle();
    await this.storage.close();
    await this.#database.close();
  }

  /** The same Rpc, counting and timing requests, and refusing them once this server is closing. */
  #gated(rpc: Rpc): Rpc {
    return {
      rank: rpc.rank,
      call: (operation, peer, request, options) => rpc.call(operation, peer, request, options),
      serve: (operation, handler) =>
        rpc.serve(operation, (request, incoming) => {
          const startMs = this.#service.start();
          if (this.#closing) incoming.fail(-errno.ECANCELED);
          else if (startMs === 0) handler(request, incoming);
          else handler(request, new TimedIncoming(incoming, () => this.#service.stop(startMs)));
        }),
      afterBatch: (run) => rpc.afterBatch(run),
      onPeerLost: (run) => rpc.onPeerLost(run),
    };
  }
}

/** Space that the files of a directory take, sparse ones less than their size; 0 when it has been removed. */
function allocatedBytes(directory: string): number {
  try {
    return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0);
  } catch {
    return 0;
  }
}
