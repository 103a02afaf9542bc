import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chunkBytes } from "../src/core/limits.ts";
import { MiB } from "../src/core/units.ts";
import { chunkServer, homeServer, metadataServer } from "../src/rankmap/placement.ts";
import { LocalNetwork, type LocalRank } from "../src/rpc/local.ts";
import type { Operation } from "../src/rpc/operations.ts";
import type { CallOptions, Reply } from "../src/rpc/service.ts";
import type { Fields, ValueOf } from "../src/rpc/struct.ts";
import { Server, type ServerOptions } from "../src/server/server.ts";
import { MemoryStorage } from "../src/server/storage-memory.ts";

const buffers = 4;
const clientArenaBytes = 2 * chunkBytes;

export interface LocalServersOptions extends Partial<Pick<ServerOptions, "durability">> {
  readonly servers: number;
  readonly clients?: number;
  readonly seed?: number;
  /** Reopen what an earlier one left there; otherwise a new directory. */
  readonly directory?: string;
  readonly openStorage?: (storagePath: string, arena: Uint8Array) => ReturnType<ServerOptions["openStorage"]>;
}

/** Servers (ranks 0, 1, …) and clients (the ranks behind) in one process: real stores, an in-process network. */
export class LocalServers {
  readonly network: LocalNetwork;
  readonly servers: readonly Server[];
  readonly directory: string;
  readonly clients: readonly LocalRank[];

  private constructor(network: LocalNetwork, servers: readonly Server[], directory: string) {
    this.network = network;
    this.servers = servers;
    this.directory = directory;
    this.clients = network.ranks.slice(servers.length);
  }

  static async open(options: LocalServersOptions): Promise<LocalServers> {
    const { servers, clients = 1, directory = mkdtempSync("/dev/shm/benchfs-test-") } = options;
    const arenas = Array.from({ length: servers + clients }, (_, rank) => {
      return new Uint8Array(rank < servers ? buffers * chunkBytes : clientArenaBytes);
    });
    const network = new LocalNetwork(arenas, options.seed === undefined ? {} : { seed: options.seed });
    const ranks = Array.from({ length: servers }, (_, index) => index);
    const opened = await Promise.all(
      ranks.map((index) => {
        const { rpc, arena } = network.ranks[index]!;
        const memory = async (): Promise<MemoryStorage> => new MemoryStorage(arena, 64 * MiB);
        return Server.open({
          rpc,
          serverIndex: index,
          servers: ranks,
          storagePath: join(directory, `${index}`),
          durability: options.durability ?? "pagecache",
          openStorage: (path) => options.openStorage?.(path, arena) ?? memory(),
          arena,
          buffers: { offset: 0, count: buffers },
        });
      }),
    );
    return new LocalServers(network, opened, directory);
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

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
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
