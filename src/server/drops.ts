import { inlineBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { MetadataStore } from "./metadata-store.ts";

/** Inode numbers in one message. */
const batchFiles = inlineBytes / 8;
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
 * Removes the chunks of files on all servers: any of them may hold some, whatever the recorded size says, since a
 * client may have died before it told. Unlinked files wait as garbage records and go many to a message.
 */
export class Drops {
  readonly #options: DropsOptions;
  readonly #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #collecting: Promise<void> | undefined;
  #moreGarbage = false;
  #closed = false;

  constructor(options: DropsOptions) {
    this.#options = options;
    this.#pauseMs = options.servers.length * pauseMsPerServer;
  }

  /** Resolves when no server has a chunk of the file: 0, or why one could not be asked. */
  dropNow(ino: number): Promise<number> {
    return this.#dropEverywhere([ino]);
  }

  /** There is garbage: collect it, in a moment. */
  collectSoon(): void {
    this.#collectIn(this.#pauseMs);
  }

  /** Resolves when nothing is under way any more. Garbage that is left is collected after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#collecting;
  }

  #collectIn(delayMs: number): void {
    if (this.#collecting !== undefined) this.#moreGarbage = true;
    if (this.#timer !== undefined || this.#collecting !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#moreGarbage = false;
      this.#collecting = this.#collect().then((status) => {
        this.#collecting = undefined;
        if (status !== 0) this.#collectIn(retryMs);
        else if (this.#moreGarbage) this.#collectIn(this.#pauseMs);
      });
    }, delayMs);
  }

  /** One message to each server, with as many files as fit; what all acknowledged is forgotten. */
  async #collect(): Promise<number> {
    const { store, commits } = this.#options;
    const inos = store.garbage(batchFiles);
    if (inos.length === 0) return 0;
    if (inos.length === batchFiles) this.#moreGarbage = true;
    const status = await this.#dropEverywhere(inos);
    if (status !== 0) return status;
    return commits.run(() => {
      for (const ino of inos) store.removeGarbage(ino);
      return 0;
    });
  }

  async #dropEverywhere(inos: readonly number[]): Promise<number> {
    const { rpc, servers, serverIndex, dropHere } = this.#options;
    const payload = new Uint8Array(Float64Array.from(inos).buffer);
    let failed = 0;
    for (let first = 0; first < servers.length; first += callsInFlight) {
      const some = servers.slice(first, first + callsInFlight);
      const statuses = await Promise.all(
        some.map((rank, i) =>
          first + i === serverIndex
            ? dropHere(inos)
            : rpc.call(operations.dropChunks, rank, { files: inos.length }, { payload }).then(({ status }) => status),
        ),
      );
      failed = statuses.find((status) => status !== 0) ?? failed;
    }
    return failed;
  }
}

/** The inode numbers in a `dropChunks` request; undefined if it is malformed. */
export function filesToDrop(files: number, payload: Uint8Array): number[] | undefined {
  if (files * 8 !== payload.length) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: files }, (_, i) => view.getFloat64(i * 8, true));
}
