import { errno } from "../core/errno.ts";
import { rootIno } from "../core/inode.ts";
import { homeServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { CommitQueue } from "./commit-queue.ts";
import type { MetadataStore } from "./metadata-store.ts";

/** A lease that was asked for. `revoked`: the home wanted it back before its answer was seen. */
interface Request {
  readonly waiting: ((status: number) => void)[];
  revoked: boolean;
}

/** Holders that are asked at once when a directory is removed. */
const revokesInFlight = 64;

/**
 * Who may make entries in a directory. Names of one directory are spread over all servers, so its removal needs an
 * agreement: a server makes an entry only while it holds a lease of the directory, which its home gives. The home
 * records the holders, and removes the directory after each of them, asked to give the lease up, had no entry in it.
 * What wants to make an entry meanwhile waits for the outcome.
 */
export class DirectoryLeases {
  readonly #store: MetadataStore;
  readonly #commits: CommitQueue;
  readonly #rpc: Rpc;
  readonly #serverIndex: number;
  /** World ranks by server index. */
  readonly #servers: readonly number[];
  /** At another server's directories: by directory. */
  readonly #requests = new Map<number, Request>();
  /** At the home: directories that are being removed, and what waits for the outcome. */
  readonly #removing = new Map<number, (() => void)[]>();

  constructor(store: MetadataStore, commits: CommitQueue, rpc: Rpc, serverIndex: number, servers: readonly number[]) {
    this.#store = store;
    this.#commits = commits;
    this.#rpc = rpc;
    this.#serverIndex = serverIndex;
    this.#servers = servers;
    rpc.serve(operations.leaseDirectory, ({ directory, serverIndex: holder }, incoming) =>
      this.#grant(directory, holder, (status) => (status === 0 ? incoming.respond({}) : incoming.fail(status))),
    );
    rpc.serve(operations.revokeDirectory, ({ directory }, incoming) =>
      this.#giveUp(directory, (status) => (status === 0 ? incoming.respond({}) : incoming.fail(status))),
    );
  }

  /** Whether an entry may be made now. In a transaction this is decisive; outside of one it saves a `request`. */
  held(directory: number): boolean {
    if (homeServer(directory) !== this.#serverIndex) return this.#store.hasLease(directory);
    return !this.#removing.has(directory) && this.#exists(directory);
  }

  /** Calls back with 0 when an entry may be made, probably (check `held` again), or with the negative errno. */
  request(directory: number, done: (status: number) => void): void {
    if (homeServer(directory) === this.#serverIndex) {
      this.#afterRemoval(directory, () => done(this.#exists(directory) ? 0 : -errno.ENOENT));
      return;
    }
    const pending = this.#requests.get(directory);
    if (pending !== undefined) {
      pending.waiting.push(done);
      return;
    }
    const request: Request = { waiting: [done], revoked: false };
    this.#requests.set(directory, request);
    void this.#ask(directory, request);
  }

  /**
   * At the home: takes every lease of a directory back and lets `remove` remove it.
   * @returns Its status; ENOTEMPTY; or why a holder could not be asked.
   */
  async remove(directory: number, remove: () => Promise<number>): Promise<number> {
    this.#removing.set(directory, []);
    let status = this.#store.hasEntries(directory) ? -errno.ENOTEMPTY : await this.#revokeAll(directory);
    if (status === 0) status = await remove();
    const waiting = this.#removing.get(directory)!;
    this.#removing.delete(directory);
    for (const run of waiting) run();
    return status;
  }

  /** At the home: runs at once, or when a removal that is under way has ended. */
  #afterRemoval(directory: number, run: () => void): void {
    const waiting = this.#removing.get(directory);
    if (waiting === undefined) run();
    else waiting.push(run);
  }

  /** Resolves when no removal of the directory is under way. */
  settled(directory: number): Promise<void> {
    return new Promise((resolve) => this.#afterRemoval(directory, resolve));
  }

  isRemoving(directory: number): boolean {
    return this.#removing.has(directory);
  }

  #exists(directory: number): boolean {
    return directory === rootIno || this.#store.directory(directory) !== undefined;
  }

  async #ask(directory: number, request: Request): Promise<void> {
    const home = this.#servers[homeServer(directory)];
    let status = home === undefined ? -errno.ENOENT : 0;
    while (home !== undefined) {
      request.revoked = false;
      status = (await this.#rpc.call(operations.leaseDirectory, home, { directory, serverIndex: this.#serverIndex }))
        .status;
      if (status !== 0) break;
      // Revoked before its answer was seen: that answer is void, and only the home knows what became of the directory.
      status = await this.#commits.run(() => {
        if (!request.revoked) this.#store.putLease(directory);
        return 0;
      });
      if (status !== 0 || !request.revoked) break;
    }
    this.#requests.delete(directory);
    for (const done of request.waiting) done(status);
  }

  #grant(directory: number, holder: number, done: (status: number) => void): void {
    if (homeServer(directory) !== this.#serverIndex || holder >= this.#servers.length) {
      done(-errno.EINVAL);
      return;
    }
    let mustWait = false;
    this.#commits.add({
      apply: () => {
        mustWait = this.#removing.has(directory);
        if (mustWait) return 0;
        if (!this.#exists(directory)) return -errno.ENOENT;
        this.#store.putHolder(directory, holder);
        return 0;
      },
      settle: (status) => {
        if (mustWait) this.#afterRemoval(directory, () => this.#grant(directory, holder, done));
        else done(status);
      },
    });
  }

  #giveUp(directory: number, done: (status: number) => void): void {
    this.#commits.add({
      freeing: true,
      apply: () => {
        if (this.#store.hasEntries(directory)) return -errno.ENOTEMPTY;
        const request = this.#requests.get(directory);
        if (request !== undefined) request.revoked = true;
        this.#store.removeLease(directory);
        return 0;
      },
      settle: done,
    });
  }

  async #revokeAll(directory: number): Promise<number> {
    const holders = this.#store.holders(directory);
    for (let first = 0; first < holders.length; first += revokesInFlight) {
      const some = holders.slice(first, first + revokesInFlight);
      const statuses = await Promise.all(some.map((holder) => this.#revoke(directory, holder)));
      const failed = statuses.find((status) => status !== 0);
      if (failed !== undefined) return failed;
    }
    return 0;
  }

  async #revoke(directory: number, holder: number): Promise<number> {
    const { status } = await this.#rpc.call(operations.revokeDirectory, this.#servers[holder]!, { directory });
    if (status !== 0) return status;
    return this.#commits.run(() => {
      this.#store.removeHolder(directory, holder);
      return 0;
    }, true);
  }
}
