import { BenchError } from "../src/core/errors.ts";
import type { Group } from "../src/rpc/group.ts";

/** Collective in progress: what each member passed, and who waits for the answer. */
interface Round {
  readonly bytes: (Uint8Array | undefined)[];
  readonly waiting: { resolve(bytes: Uint8Array[]): void; reject(error: Error): void }[];
}

/** A group of members within one process. A killed member's calls reject, as do everybody else's from then on. */
export class LocalGroup {
  readonly members: readonly Group[];
  readonly #size: number;
  #round: Round = { bytes: [], waiting: [] };
  readonly #dead = new Set<number>();

  constructor(size: number) {
    this.#size = size;
    this.members = Array.from({ length: size }, (_, index) => ({
      index,
      size,
      barrier: async () => {
        await this.#meet(index, new Uint8Array(0));
      },
      gather: async (bytes) => {
        const all = await this.#meet(index, bytes.slice());
        return index === 0 ? all : undefined;
      },
      broadcast: async (bytes) => (await this.#meet(index, (bytes ?? new Uint8Array(0)).slice()))[0]!,
    }));
  }

  /** Lets a member die: those who wait for it, and who will, learn that. */
  kill(index: number): void {
    this.#dead.add(index);
    const { waiting } = this.#round;
    this.#round = { bytes: [], waiting: [] };
    for (const waiter of waiting) waiter.reject(this.#lost());
  }

  #lost(): BenchError {
    return new BenchError("ERR_PEER_LOST", `client ${[...this.#dead].join(", ")} is lost`);
  }

  #meet(index: number, bytes: Uint8Array): Promise<Uint8Array[]> {
    if (this.#dead.size > 0) return Promise.reject(this.#lost());
    return new Promise((resolve, reject) => {
      const round = this.#round;
      round.bytes[index] = bytes;
      round.waiting.push({ resolve, reject });
      if (round.waiting.length < this.#size) return;
      this.#round = { bytes: [], waiting: [] };
      for (const waiter of round.waiting) waiter.resolve(round.bytes as Uint8Array[]);
    });
  }
}
