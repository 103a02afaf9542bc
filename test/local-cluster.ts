import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BenchFileSystem } from "../src/client/benchfs.ts";
import { chunkBytes } from "../src/core/limits.ts";
import { MiB } from "../src/core/units.ts";
import { LocalNetwork } from "../src/rpc/local.ts";
import { Server } from "../src/server/server.ts";
import type { Durability } from "../src/server/storage.ts";
import { MemoryStorage } from "../src/server/storage-memory.ts";

export interface LocalClusterOptions {
  readonly servers: number;
  readonly clients: number;
  /** Of the network: delays and interleaves deliveries. */
  readonly seed?: number;
  readonly durability?: Durability;
  readonly window?: number;
  /** Whether servers reach the memory of clients in place. */
  readonly mapped?: boolean;
  /** Chunk buffers of a server: few of them make transfers wait. */
  readonly serverBuffers?: number;
  /** Data that a server can hold. */
  readonly capacityBytes?: number;
}

const clientArenaBytes = 24 * MiB;

/** Servers and clients of one job in this process: real metadata stores and protocol, data in memory. */
export class LocalCluster {
  readonly network: LocalNetwork;
  readonly servers: readonly Server[];
  /** Ranks of the servers are 0, 1, …; those of the clients follow. */
  readonly clients: readonly BenchFileSystem[];
  readonly #folder: string;

  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { durability = "memory", serverBuffers = 4, capacityBytes = 256 * MiB, window = 4 } = options;
    const arenas = [
      ...Array.from({ length: options.servers }, () => new Uint8Array(serverBuffers * chunkBytes)),
      ...Array.from({ length: options.clients }, () => new Uint8Array(clientArenaBytes)),
    ];
    const { seed, mapped = false } = options;
    const network = new LocalNetwork(arenas, { mapped, ...(seed === undefined ? {} : { seed }) });
    const serverRanks = Array.from({ length: options.servers }, (_, index) => index);
    const folder = mkdtempSync("/dev/shm/benchfs-test-");
    const servers = await Promise.all(
      serverRanks.map((rank) =>
        Server.open({
          rpc: network.ranks[rank]!.rpc,
          memory: network.ranks[rank]!.memory,
          serverIndex: rank,
          servers: serverRanks,
          storagePath: join(folder, `rank-${rank}`),
          durability,
          openStorage: async () => new MemoryStorage(arenas[rank]!, capacityBytes),
          buffers: { offset: 0, count: serverBuffers },
        }),
      ),
    );
    const clients = network.ranks.slice(options.servers).map(
      ({ rpc, arena }) =>
        new BenchFileSystem({
          rpc,
          servers: serverRanks,
          arena,
          payload: { offset: 0, bytes: arena.length },
          window,
          durability,
        }),
    );
    return new LocalCluster(network, servers, clients, folder);
  }

  private constructor(
    network: LocalNetwork,
    servers: readonly Server[],
    clients: readonly BenchFileSystem[],
    folder: string,
  ) {
    this.network = network;
    this.servers = servers;
    this.clients = clients;
    this.#folder = folder;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    rmSync(this.#folder, { recursive: true });
  }
}
