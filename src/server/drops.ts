import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { chunkServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { Garbage, MetadataStore } from "./metadata-store.ts";

/** Inode numbers in one message. */
const batchFiles = inlineBytes / 8;
/** Garbage records that one transaction removes: it must fit on a full device. */
const filesPerCommit = 32;
/** Collections wait this long per server, so that a server's share of everybody's messages stays bounded. */
const pauseMsPerServer = 0.1;
/** After a server could not be reached. */
const retryMs = 2000;
/** Servers that are asked at once. */
const callsInFlight = 64;

export interface DropsOptions {
  readonly store: MetadataStore;
  readonly commits: CommitQueue;
  readonly rpc: Rpc;
  readonly serverIndex: number;
  /** World ranks by server index. */
  readonly servers: readonly number[];
  /** Drops chunks of this server; resolves with 0 or a negative errno. */
  readonly dropHere: (inos: readonly number[]) => Promise<number>;
}

/**
 * Removes the chunks of files wherever they are. Unlinked files wait as garbage records and go many to a message, to
 * the servers that have chunks by the recorded size, and to that of the first chunk in any case. A client that died
 * may have written more than it told: from then on all servers are asked, as they are for a truncation.
 */
export class Drops {
  readonly #options: DropsOptions;
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #collecting = false;
  #moreGarbage = false;
  #lostPeer = false;
  /** There is garbage of an earlier run, in which somebody may have died. */
  #recovering = true;
  #closed = false;
  /** Of this round: where the next batch begins, and whether one failed. */
  #nextIno = 0;
  #failed = false;

  constructor(options: DropsOptions) {
    this.#options = options;
    this.#pauseMs = options.servers.length * pauseMsPerServer;
    options.rpc.onPeerLost(() => {
      this.#lostPeer = true;
    });
    this.collectSoon(); // What an earlier server had no time for.
  }

  /** Files may have chunks behind their recorded sizes: somebody who wrote them died without publishing. */
  get sizesMayBeTooSmall(): boolean {
    return this.#lostPeer || this.#recovering;
  }

  /** Resolves when no server has a chunk of the file: 0, or why one could not be asked. */
  dropNow(ino: number): Promise<number> {
    return this.#drop(this.#options.servers.map(() => [ino]));
  }

  /** There is garbage: collect it, in a moment. */
  collectSoon(): void {
    this.#collectIn(this.#pauseMs);
  }

  /** Begins nothing new. Garbage that is left, also that under way, is collected after the next start. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #collectIn(delayMs: number): void {
    if (this.#collecting) this.#moreGarbage = true;
    if (this.#timer !== undefined || this.#collecting || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#collect();
    }, delayMs);
  }

  async #collect(): Promise<void> {
    this.#collecting = true;
    if (this.#nextIno === 0) this.#moreGarbage = false;
    const files = this.#options.store.garbage(this.#nextIno, batchFiles);
    const status = files.length === 0 ? 0 : await this.#collectFiles(files);
    this.#collecting = false;
    if (status !== 0) this.#failed = true;
    const all = files.length < batchFiles;
    // What a dead server keeps from being forgotten must not keep the files behind it waiting.
    this.#nextIno = all ? 0 : files[files.length - 1]!.ino + 1;
    if (!all) {
      this.#collectIn(this.#pauseMs);
      return;
    }
    this.#recovering &&= this.#failed;
    if (this.#failed) this.#collectIn(retryMs);
    else if (this.#moreGarbage) this.#collectIn(this.#pauseMs);
    this.#failed = false;
  }

  /** One message to each server concerned; the files are forgotten when all have acknowledged. */
  async #collectFiles(files: readonly Garbage[]): Promise<number> {
    const { store, commits, servers } = this.#options;
    const inosByServer: number[][] = servers.map(() => []);
    for (const { ino, sizeBytes } of files) {
      const chunks = Math.max(1, Math.ceil(sizeBytes / chunkBytes));
      const concerned = this.sizesMayBeTooSmall ? servers.length : Math.min(chunks, servers.length);
      for (let chunk = 0; chunk < concerned; chunk++) {
        inosByServer[chunkServer(ino, chunk, servers.length)]!.push(ino);
      }
    }
    const status = await this.#drop(inosByServer);
    if (status !== 0) return status;
    let forgotten = 0;
    for (let first = 0; first < files.length && forgotten === 0; first += filesPerCommit) {
      forgotten = await commits.run(() => {
        for (const file of files.slice(first, first + filesPerCommit)) store.removeGarbage(file);
        return 0;
      }, true);
    }
    return forgotten;
  }

  /** @param inosByServer By server index; who has none is not asked. @returns 0, or why one could not be asked. */
  async #drop(inosByServer: readonly (readonly number[])[]): Promise<number> {
    let failed = 0;
    for (let first = 0; first < inosByServer.length; first += callsInFlight) {
      const some = inosByServer.slice(first, first + callsInFlight);
      const statuses = await Promise.all(some.map((inos, i) => this.#dropAt(first + i, inos)));
      failed = statuses.find((status) => status !== 0) ?? failed;
    }
    return failed;
  }

  async #dropAt(server: number, inos: readonly number[]): Promise<number> {
    const { rpc, servers, serverIndex, dropHere } = this.#options;
    if (inos.length === 0) return 0;
    if (server === serverIndex) return dropHere(inos);
    const payload = new Uint8Array(Float64Array.from(inos).buffer);
    const reply = await rpc.call(operations.dropChunks, servers[server]!, { files: inos.length }, { payload });
    return reply.status;
  }
}

/** The inode numbers in a `dropChunks` request; undefined if it is malformed. */
export function filesToDrop(files: number, payload: Uint8Array): number[] | undefined {
  if (files * 8 !== payload.length) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: files }, (_, i) => view.getFloat64(i * 8, true));
}
