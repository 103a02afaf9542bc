import { assert, BenchError } from "../core/errors.ts";
import { inlineBytes } from "../core/limits.ts";
import type { Group } from "./group.ts";
import { operations } from "./operations.ts";
import type { Rpc } from "./service.ts";

/** What has arrived of one member's bytes in one collective. */
interface Arrival {
  readonly parts: Uint8Array[];
  missing: number;
}

/** Serves the collectives of a process: every group of it registers here by its id. */
export class Collectives {
  readonly rpc: Rpc;
  readonly #groups = new Map<number, TreeGroup>();

  constructor(rpc: Rpc) {
    this.rpc = rpc;
    rpc.serve(operations.collect, (request, incoming) => {
      const group = this.#groups.get(request.group);
      assert(group !== undefined, `group ${request.group} exists on every member before its first collective`);
      group.arrived(request.from, request.sequence, request.part, request.parts, incoming.payload);
      incoming.respond({});
    });
    rpc.onPeerLost((peer) => {
      for (const group of this.#groups.values()) group.peerLost(peer);
    });
  }

  /** @param ranks World ranks of the members in order, the same on every member. Their number is the same everywhere. */
  group(id: number, ranks: readonly number[]): TreeGroup {
    assert(!this.#groups.has(id), `group ${id} is made once`);
    const group = new TreeGroup(this.rpc, id, ranks);
    this.#groups.set(id, group);
    return group;
  }
}

/**
 * A group whose collectives follow a binary tree: member i talks to (i - 1) / 2 above and 2i + 1, 2i + 2 below, so
 * that a step costs a member three messages whatever the size of the job. Every collective has a sequence number;
 * what arrives early waits for its turn.
 */
export class TreeGroup implements Group {
  readonly index: number;
  readonly size: number;
  readonly #rpc: Rpc;
  readonly #id: number;
  readonly #ranks: readonly number[];
  readonly #parent: number;
  readonly #children: readonly number[];
  readonly #arrivals = new Map<string, Arrival>();
  readonly #waiters = new Map<string, { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }>();
  readonly #lost = new Set<number>();
  #sequence = 0;
  #failure: BenchError | undefined;

  constructor(rpc: Rpc, id: number, ranks: readonly number[]) {
    this.#rpc = rpc;
    this.#id = id;
    this.#ranks = ranks;
    this.size = ranks.length;
    this.index = ranks.indexOf(rpc.rank);
    assert(this.index >= 0, `rank ${rpc.rank} is a member of group ${id}`);
    this.#parent = this.index === 0 ? -1 : (this.index - 1) >> 1;
    this.#children = [2 * this.index + 1, 2 * this.index + 2].filter((child) => child < this.size);
  }

  /** World ranks next to this member in the tree: the peers whose death it notices by itself. */
  get neighbours(): readonly number[] {
    return [this.#parent, ...this.#children].filter((member) => member >= 0).map((member) => this.#ranks[member]!);
  }

  async barrier(): Promise<void> {
    await this.gather(new Uint8Array(0));
    await this.broadcast();
  }

  async gather(bytes: Uint8Array): Promise<Uint8Array[] | undefined> {
    const sequence = this.#begin();
    const packs: Uint8Array[] = [packMember(this.index, bytes)];
    for (const child of this.#children) packs.push(await this.#receive(child, sequence));
    const pack = Buffer.concat(packs);
    if (this.index !== 0) {
      await this.#send(this.#parent, sequence, pack);
      return undefined;
    }
    return unpackMembers(pack, this.size);
  }

  async broadcast(bytes: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    const sequence = this.#begin();
    const all = this.index === 0 ? bytes : await this.#receive(this.#parent, sequence);
    await Promise.all(this.#children.map((child) => this.#send(child, sequence, all)));
    return all;
  }

  /** Every collective, now and later, rejects with `error`. */
  fail(error: BenchError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
    this.#arrivals.clear();
  }

  /** Whoever waits for this peer's bytes, or will, is told; a peer that has given them may leave. */
  peerLost(peer: number): void {
    const member = this.#ranks.indexOf(peer);
    if (member < 0) return;
    this.#lost.add(member);
    for (const [key, waiter] of this.#waiters) {
      if (!key.endsWith(`/${member}`)) continue;
      this.#waiters.delete(key);
      waiter.reject(this.#lossOf(member));
    }
  }

  #lossOf(member: number): BenchError {
    const rank = this.#ranks[member]!;
    return new BenchError("ERR_PEER_LOST", `rank ${rank} died`, { rank });
  }

  #begin(): number {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#sequence++;
  }

  async #send(member: number, sequence: number, bytes: Uint8Array): Promise<void> {
    const parts = Math.max(1, Math.ceil(bytes.length / inlineBytes));
    for (let part = 0; part < parts; part++) {
      const request = { group: this.#id, sequence, from: this.index, part, parts };
      const payload = bytes.subarray(part * inlineBytes, (part + 1) * inlineBytes);
      const { status } = await this.#rpc.call(operations.collect, this.#ranks[member]!, request, { payload });
      if (this.#failure !== undefined) throw this.#failure;
      if (status !== 0) {
        const rank = this.#ranks[member]!;
        throw new BenchError("ERR_PEER_LOST", `rank ${rank} does not answer (status ${status})`, { rank });
      }
    }
  }

  #receive(member: number, sequence: number): Promise<Uint8Array> {
    const key = `${sequence}/${member}`;
    return new Promise((resolve, reject) => {
      this.#waiters.set(key, { resolve, reject });
      this.#deliver(key);
      if (this.#lost.has(member) && this.#waiters.delete(key)) reject(this.#lossOf(member));
    });
  }

  arrived(from: number, sequence: number, part: number, parts: number, payload: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const key = `${sequence}/${from}`;
    let arrival = this.#arrivals.get(key);
    if (arrival === undefined) {
      arrival = { parts: new Array(parts), missing: parts };
      this.#arrivals.set(key, arrival);
    }
    assert(arrival.parts[part] === undefined, `part ${part} of collective ${key} arrives once`);
    arrival.parts[part] = payload.slice();
    arrival.missing--;
    this.#deliver(key);
  }

  #deliver(key: string): void {
    const arrival = this.#arrivals.get(key);
    const waiter = this.#waiters.get(key);
    if (waiter === undefined || arrival === undefined || arrival.missing > 0) return;
    this.#arrivals.delete(key);
    this.#waiters.delete(key);
    waiter.resolve(arrival.parts.length === 1 ? arrival.parts[0]! : Buffer.concat(arrival.parts));
  }
}

/** One member's bytes within a gather: [member u32][length u32][bytes]. */
function packMember(member: number, bytes: Uint8Array): Buffer {
  const pack = Buffer.alloc(8 + bytes.length);
  pack.writeUInt32LE(member, 0);
  pack.writeUInt32LE(bytes.length, 4);
  pack.set(bytes, 8);
  return pack;
}

function unpackMembers(pack: Buffer, size: number): Uint8Array[] {
  const members: Uint8Array[] = new Array(size);
  let count = 0;
  for (let at = 0; at < pack.length; count++) {
    const length = pack.readUInt32LE(at + 4);
    members[pack.readUInt32LE(at)] = pack.subarray(at + 8, at + 8 + length);
    at += 8 + length;
  }
  assert(count === size, `a gather brings ${size} members, not ${count}`);
  return members;
}
