import type { RemoteMemory } from "../rpc/remote-memory.ts";
import type { PayloadMemory, Storage } from "./storage.ts";

/** The arenas of those clients that the network maps here, so that the storage moves data to and from them in place. */
export class PeerMemories {
  readonly #network: RemoteMemory;
  readonly #storage: Storage;
  /** By peer; null: it cannot be mapped. */
  readonly #known: (PayloadMemory | null | undefined)[] = [];

  constructor(network: RemoteMemory, storage: Storage) {
    this.#network = network;
    this.#storage = storage;
  }

  /** The peer's arena, or null when data has to be moved by RMA. */
  of(peer: number): PayloadMemory | null {
    const known = this.#known[peer];
    if (known !== undefined) return known;
    const bytes = this.#network.map(peer);
    const memory = bytes === undefined ? null : this.#storage.attach(bytes);
    this.#known[peer] = memory;
    return memory;
  }
}
