import { type Database, errnoOf } from "./database.ts";

/** One atomic change of the database. */
export interface Mutation {
  /** In the end there is more space: it may use what a full device keeps for this. */
  readonly freeing?: boolean;
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

/** Mutations of one transaction at most: what the database keeps allocated must suffice for it. */
const batchMax = 32;

/**
 * Gathers the mutations of one turn of the event loop and makes them in few transactions: each is one write to the
 * log. It runs as a microtask, i.e. after all messages of the turn have been handled.
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
  run(apply: () => number, freeing = false): Promise<number> {
    return new Promise((settle) => this.add({ apply, settle, freeing }));
  }

  #commitAll(): void {
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length <= batchMax) this.#commitBatch(batch);
    else for (let i = 0; i < batch.length; i += batchMax) this.#commitBatch(batch.slice(i, i + batchMax));
  }

  #commitBatch(batch: readonly Mutation[]): void {
    if (this.#commit(batch, false) === 0) return;
    // Something in the batch does not fit (a full device, mostly). One by one, what does fit, such as unlink, works.
    for (const mutation of batch) {
      const status = this.#commit([mutation], mutation.freeing === true);
      if (status !== 0) mutation.settle(status);
    }
  }

  /** @returns 0 when committed and settled, otherwise the negative errno, with nothing changed. */
  #commit(batch: readonly Mutation[], freeing: boolean): number {
    const statuses: number[] = [];
    try {
      this.#database.transaction(() => {
        for (let i = 0; i < batch.length; i++) statuses.push(batch[i]!.apply());
      }, freeing);
    } catch (error) {
      const status = errnoOf(error);
      for (let i = batch.length - 1; i >= 0; i--) batch[i]!.undo?.();
      return status;
    }
    for (let i = 0; i < batch.length; i++) batch[i]!.settle(statuses[i]!);
    return 0;
  }
}
