import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { LocalRpc } from "./local-rpc.ts";
import type { RemoteMemory } from "./remote-memory.ts";
import type { Rpc } from "./service.ts";

/** One rank of a `LocalNetwork`: what a process of a job has of the network. */
export interface LocalRank {
  readonly rpc: Rpc;
  readonly memory: RemoteMemory;
  readonly arena: Uint8Array;
}

export interface LocalNetworkOptions {
  /** Delays and interleaves deliveries at random, the same way for the same seed. Absent: all as soon as possible. */
  readonly seed?: number;
  /** Whether ranks can map each other's arenas, as on one node; otherwise they put and get alone. Default: false. */
  readonly mapped?: boolean;
}

/** What a rank receives, by sender and kind; each queue keeps its order, nothing orders two queues. */
interface Inbox {
  readonly rpc: LocalRpc;
  readonly arena: Uint8Array;
  readonly messages: (() => void)[][];
  readonly transfers: (() => void)[][];
  dead: boolean;
}

/**
 * Ranks of a job within one process, for tests: the messages go through the codecs of the wire and are copied,
 * arrive in later turns of the event loop and in batches, and transfers go between the arenas given.
 */
export class LocalNetwork {
  readonly ranks: readonly LocalRank[];
  readonly #inboxes: Inbox[];
  readonly #random: (() => number) | undefined;
  readonly #isMapped: boolean;
  #scheduled = false;

  /** @param arenas One for each rank, by rank. */
  constructor(arenas: readonly Uint8Array[], options: LocalNetworkOptions = {}) {
    this.#random = options.seed === undefined ? undefined : mulberry32(options.seed);
    this.#isMapped = options.mapped ?? false;
    const queues = () => arenas.map((): (() => void)[] => []);
    this.#inboxes = arenas.map((arena, rank) => ({
      rpc: new LocalRpc(rank, (peer, message) => {
        const inbox = this.#inboxes[peer];
        assert(inbox !== undefined, `rank ${peer} is none of the ${arenas.length} ranks`);
        if (!inbox.dead) this.#enqueue(inbox.messages[rank]!, () => inbox.rpc.receive(message));
      }),
      arena,
      messages: queues(),
      transfers: queues(),
      dead: false,
    }));
    this.ranks = this.#inboxes.map(({ rpc, arena }, rank) => ({ rpc, arena, memory: this.#memoryOf(rank) }));
  }

  /** The rank stops as if killed: what is under way to and from it is lost, the others find out in a later turn. */
  kill(rank: number): void {
    const victim = this.#inboxes[rank]!;
    victim.dead = true;
    victim.rpc.die();
    for (const queue of victim.messages) queue.length = 0;
    // A transfer looks for dead ends when it runs: the victim's own fail here, those of the others in their turn.
    for (const queue of victim.transfers) for (const run of queue.splice(0)) run();
    for (const inbox of this.#inboxes) {
      if (inbox.dead) continue;
      inbox.messages[rank]!.length = 0;
      this.#enqueue(inbox.messages[rank]!, () => inbox.rpc.peerLost(rank));
    }
  }

  #memoryOf(rank: number): RemoteMemory {
    const transfer = (peer: number, move: (remote: Uint8Array, local: Uint8Array) => void): Promise<number> =>
      new Promise((resolve) => {
        const own = this.#inboxes[rank]!;
        const remote = this.#inboxes[peer]!;
        const run = () => {
          const dead = own.dead || remote.dead;
          if (!dead) move(remote.arena, own.arena);
          resolve(dead ? -errno.EHOSTDOWN : 0);
        };
        if (own.dead) run();
        else this.#enqueue(own.transfers[peer]!, run);
      });
    return {
      put: (peer, remoteOffset, localOffset, bytes) =>
        transfer(peer, (remote, local) => copy(local, localOffset, remote, remoteOffset, bytes)),
      get: (peer, remoteOffset, localOffset, bytes) =>
        transfer(peer, (remote, local) => copy(remote, remoteOffset, local, localOffset, bytes)),
      map: (peer) => (this.#isMapped ? this.#inboxes[peer]!.arena : undefined),
    };
  }

  #enqueue(queue: (() => void)[], run: () => void): void {
    queue.push(run);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Gives every rank at most one batch. */
  #turn(): void {
    this.#scheduled = false;
    for (const inbox of this.#order(this.#inboxes)) {
      let delivered = 0;
      for (const queue of this.#order([...inbox.messages, ...inbox.transfers])) {
        const now = this.#random === undefined ? queue.length : Math.floor(this.#random() * (queue.length + 1));
        for (const run of queue.splice(0, now)) run();
        delivered += now;
      }
      if (delivered > 0 && !inbox.dead) inbox.rpc.batchEnd();
    }
    const underWay = (queue: readonly unknown[]) => queue.length > 0;
    if (this.#inboxes.some((inbox) => inbox.messages.some(underWay) || inbox.transfers.some(underWay)))
      this.#schedule();
  }

  #order<T>(items: readonly T[]): readonly T[] {
    const random = this.#random;
    if (random === undefined) return items;
    const order = [...items];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

function copy(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number, bytes: number): void {
  const fits = fromOffset >= 0 && toOffset >= 0 && fromOffset + bytes <= from.length && toOffset + bytes <= to.length;
  assert(fits, `a transfer of ${bytes} bytes from ${fromOffset} to ${toOffset} is within both arenas`);
  to.set(from.subarray(fromOffset, fromOffset + bytes), toOffset);
}

/** Mulberry32 (Tommy Ettinger, public domain): numbers in [0, 1) from a 32-bit seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
