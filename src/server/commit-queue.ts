import { type Database, errnoOf } from "./database.ts";

/** One atomic change of the database. */
export interface Mutation {
  /**
   * Runs inside a transaction, possibly more than once; reads what earlier mutations of the batch wrote.
   * @returns The status for `settle`. A negative one means that nothing was written.
   */
  apply(): number;
  /** The transaction failed: takes back what `apply` changed in memory. */
  undo?(): void;
  /** Committed, with the status of `apply`; or failed as a whole, with a negative errno. The place to answer. */
  settle(status: number): void;
}

/**
 * Gathers the mutations of one turn of the event loop and commits them in one transaction: a commit costs as much
 * as some ten mutations. It runs as a microtask, i.e. after all messages of the turn have been handled.
 */
export class CommitQueue {
  readonly #database: Database;
  #queue: Mutation[] = [];
  readonly #run = (): void => this.#commitAll();

  constructor(database: Database) {
    this.#database = database;
  }

  add(mutation: Mutation): void {
    if (this.#queue.push(mutation) === 1) queueMicrotask(this.#run);
  }

  /** For the rare mutation that somebody awaits. Resolves with its status, never rejects. */
  run(apply: () => number): Promise<number> {
    return new Promise((settle) => this.add({ apply, settle }));
  }

  #commitAll(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (this.#commit(batch) === 0) return;
    // Something in the batch does not fit (a full device, mostly). One by one, what does fit, such as unlink, works.
    for (const mutation of batch) {
      const status = this.#commit([mutation]);
      if (status !== 0) mutation.settle(status);
    }
  }

  /** @returns 0 when committed and settled, otherwise the negative errno, with nothing changed. */
  #commit(batch: readonly Mutation[]): number {
    const statuses = new Int32Array(batch.length);
    try {
      this.#database.transaction(() => {
        for (let i = 0; i < batch.length; i++) statuses[i] = batch[i]!.apply();
      });
    } catch (error) {
      const status = errnoOf(error);
      for (let i = batch.length - 1; i >= 0; i--) batch[i]!.undo?.();
      return status;
    }
    for (let i = 0; i < batch.length; i++) batch[i]!.settle(statuses[i]!);
    return 0;
  }
}
