import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { freemem } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchError } from "../core/errors.ts";
import type { Poller } from "../reactor/reactor.ts";
import { Server } from "../server/server.ts";
import type { Storage } from "../server/storage.ts";
import { storageError } from "../server/storage-directory.ts";
import { MemoryStorage } from "../server/storage-memory.ts";
import { isTmpfs, TmpfsStorage } from "../server/storage-tmpfs.ts";
import { UringStorage } from "../server/storage-uring.ts";
import { leave, type RunningRank, startReactor } from "./running-rank.ts";
import { OwnCounters, serveCounters } from "./server-counters.ts";

/** A storage rank from its storage path to its end: open, say ready, serve, close, leave nothing behind. */
export async function runServer(rank: RunningRank): Promise<number> {
  const { config, transport, job } = rank;
  const pollers: Poller[] = [transport];
  const base = dirname(rank.place.storagePath);
  let server: Server | undefined;
  let failure: BenchError | undefined;
  if (config.target.kind === "benchfs") {
    try {
      makeBase(base);
      server = await openServer(rank, pollers);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      failure = error;
    }
  }
  const reactor = startReactor(rank, pollers);
  const counters = new OwnCounters(reactor, () => server?.counters ?? idle);
  serveCounters(rank.rpc, counters);
  // Also when the run ends early, nothing is left on the storage path. Open files may be removed.
  const cleanUp = async () => {
    await server?.settle();
    if (!config.keepStorage) await removeStorage(rank, server !== undefined, rank.newStoragePaths.includes(base));
  };
  try {
    await job.agree(failure);
    await job.untilEnd();
    await cleanUp();
    await job.farewell(counters.encode());
  } catch (error) {
    await cleanUp();
    await job.endEarly();
    throw error;
  } finally {
    await leave(rank, reactor);
    await server?.close();
  }
  return 0;
}

/** The counters of a server that serves nothing, beside a plain directory. */
const idle = {
  requests: 0,
  bytesRead: 0,
  bytesWritten: 0,
  flushes: 0,
  bufferWaits: 0,
  bufferWaitNs: 0,
  serviceSamples: 0,
  serviceNs: 0,
  deviceAccesses: 0,
  deviceSamples: 0,
  deviceNs: 0,
  metadataBytes: 0,
};

/**
 * Makes the directory that the servers of this node share. A parent that is missing is more likely a typing error
 * than a wish, so it is not made.
 */
function makeBase(base: string): void {
  try {
    mkdirSync(base);
  } catch (error) {
    // Another server of this host was quicker, or the user made it.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw storageError("create storage path", base, error);
  }
}

async function openServer(rank: RunningRank, pollers: Poller[]): Promise<Server> {
  const { config, place, map, transport, rpc } = rank;
  const openStorage = async (path: string): Promise<Storage> => {
    if (config.durability === "memory") {
      const serversHere = map.places.filter(({ host, role }) => host === place.host && role === "server").length;
      return new MemoryStorage(transport.arena, freemem() / 2 / serversHere);
    }
    const options = { path, arena: transport.arena, durability: config.durability };
    const storage = isTmpfs(path) ? TmpfsStorage.open(options) : UringStorage.open(options);
    pollers.push(storage instanceof TmpfsStorage ? storage.uring : storage);
    return storage;
  };
  return Server.open({
    rpc,
    serverIndex: place.index,
    servers: map.servers,
    storagePath: place.storagePath,
    durability: config.durability,
    openStorage,
    memory: transport,
    buffers: { offset: transport.payloadOffset, count: config.chunkBuffers },
  });
}

/**
 * Removes this server's directory, if it is its own and not one that it was refused, and the common one if it is the
 * job's, as soon as no other server has its own in it: which server goes last, or was killed, does not matter.
 */
async function removeStorage({ place }: RunningRank, isOwn: boolean, isBaseOurs: boolean): Promise<void> {
  if (isOwn) rmSync(place.storagePath, { recursive: true, force: true });
  for (let attempt = 0; isBaseOurs && attempt < 20; attempt++) {
    try {
      rmdirSync(dirname(place.storagePath));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") return;
      await sleep(50);
    }
  }
}
