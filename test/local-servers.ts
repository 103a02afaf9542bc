import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { allocate } from "napi-io-uring";
import { errnoName } from "../src/core/errno.ts";
import { chunkBytes } from "../src/core/limits.ts";
import { MiB } from "../src/core/units.ts";
import { chunkServer, homeServer, metadataServer } from "../src/rankmap/placement.ts";
import { LocalNetwork, type LocalRank } from "../src/rpc/local.ts";
import { type Operation, operations } from "../src/rpc/operations.ts";
import type { CallOptions, Reply } from "../src/rpc/service.ts";
import type { Fields, ValueOf } from "../src/rpc/struct.ts";
import { Server, type ServerOptions } from "../src/server/server.ts";
import type { Storage } from "../src/server/storage.ts";
import { MemoryStorage } from "../src/server/storage-memory.ts";
import { UringStorage } from "../src/server/storage-uring.ts";
import { poll } from "./polled.ts";

/** Chunk buffers of a server: one for inline payloads, three for RMA. */
const buffers = 4;
const clientArenaBytes = 2 * chunkBytes;

export interface LocalServersOptions extends Partial<Pick<ServerOptions, "durability">> {
  readonly servers: number;
  readonly clients?: number;
  readonly seed?: number;
  /** Whether servers reach the memory of clients in place. */
  readonly mapped?: boolean;
  /** Reopen what an earlier one left there; otherwise a new directory. */
  readonly directory?: string;
  /** Default: memory, of which nothing is left when it is opened again. */
  readonly storage?: "memory" | "uring";
}

/** Servers (ranks 0, 1, …) and clients (the ranks behind) in one process: real stores, an in-process network. */
export class LocalServers {
  readonly network: LocalNetwork;
  /** Those that `close` closes. */
  servers: readonly Server[];
  readonly directory: string;
  readonly clients: readonly LocalRank[];

  readonly #pollers: readonly { stop(): void }[];

  private constructor(
    network: LocalNetwork,
    servers: readonly Server[],
    directory: string,
    pollers: readonly { stop(): void }[],
  ) {
    this.network = network;
    this.servers = servers;
    this.directory = directory;
    this.#pollers = pollers;
    this.clients = network.ranks.slice(servers.length);
  }

  static async open(options: LocalServersOptions): Promise<LocalServers> {
    const { servers, clients = 1, directory = mkdtempSync("/dev/shm/benchfs-test-") } = options;
    const arenas = Array.from({ length: servers + clients }, (_, rank) => {
      return new Uint8Array(allocate(rank < servers ? buffers * chunkBytes : clientArenaBytes));
    });
    const { seed, mapped = false } = options;
    const network = new LocalNetwork(arenas, { mapped, ...(seed === undefined ? {} : { seed }) });
    const ranks = Array.from({ length: servers }, (_, index) => index);
    const durability = options.durability ?? "pagecache";
    const pollers: { stop(): void }[] = [];
    const openStorage = async (path: string, arena: Uint8Array): Promise<Storage> => {
      if (options.storage !== "uring" || durability === "memory") return new MemoryStorage(arena, 64 * MiB);
      const storage = UringStorage.open({ path, arena, durability });
      pollers.push(poll(storage));
      return storage;
    };
    const opened = await Promise.all(
      ranks.map((index) => {
        const { rpc, memory, arena } = network.ranks[index]!;
        return Server.open({
          rpc,
          memory,
          serverIndex: index,
          servers: ranks,
          storagePath: join(directory, `${index}`),
          durability,
          openStorage: (path) => openStorage(path, arena),
          buffers: { offset: 0, count: buffers },
        });
      }),
    );
    return new LocalServers(network, opened, directory, pollers);
  }

  /** Calls from client `client`; for calls on names, `name` is the payload and the server follows from it. */
  call<Q extends Fields, R extends Fields>(
    client: number,
    server: number,
    operation: Operation<Q, R>,
    request: ValueOf<Q>,
    options?: CallOptions,
  ): Promise<Reply<R>> {
    return this.clients[client]!.rpc.call(operation, server, request, options);
  }

  named<Q extends Fields, R extends Fields>(
    client: number,
    operation: Operation<Q, R>,
    name: string | Uint8Array,
    request: ValueOf<Q> & { parent: number },
  ): Promise<Reply<R>> {
    const payload = typeof name === "string" ? new TextEncoder().encode(name) : name;
    return this.call(client, metadataServer(request.parent, payload, this.servers.length), operation, request, {
      payload,
    });
  }

  serverOf(ino: number, chunk: number): number {
    return chunkServer(ino, chunk, this.servers.length);
  }

  homeOf(directory: number): number {
    return homeServer(directory);
  }

  /** Writes a range of a chunk the way of large transfers. Resolves with the status. */
  async write(client: number, ino: number, chunk: number, offsetBytes: number, data: Uint8Array): Promise<number> {
    this.clients[client]!.arena.set(data);
    const request = { ino, chunk, offsetBytes, lengthBytes: data.length, sourceOffset: 0 };
    return (await this.call(client, this.serverOf(ino, chunk), operations.writeChunk, request)).status;
  }

  /** Reads a range of a chunk the way of large transfers. @throws On any bad status. */
  async read(
    client: number,
    ino: number,
    chunk: number,
    offsetBytes: number,
    lengthBytes: number,
  ): Promise<Uint8Array> {
    const request = { ino, chunk, offsetBytes, lengthBytes, targetOffset: 0 };
    const { status } = await this.call(client, this.serverOf(ino, chunk), operations.readChunk, request);
    if (status !== 0) throw new Error(`readChunk: ${errnoName(status)}`);
    return this.clients[client]!.arena.slice(0, lengthBytes);
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    for (const poller of this.#pollers) poller.stop();
  }

  /** Closes and removes all. */
  async destroy(): Promise<void> {
    await this.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** `bytes` bytes that depend on `seed`. */
export function pattern(bytes: number, seed: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) data[i] = (i * 31 + (i >>> 8) * 7 + seed * 131) & 0xff;
  return data;
}
