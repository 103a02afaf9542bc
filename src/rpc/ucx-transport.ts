import { COMMAND, CONTROL, EVENT, libraryVersion, Worker } from "ucx-node";
import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { headerBytes, inlineBytes } from "../core/limits.ts";
import type { Poller } from "../reactor/reactor.ts";
import type { RemoteMemory } from "./remote-memory.ts";
import { Slots } from "./slots.ts";
import type { Words } from "./struct.ts";

/** Version of the UCX library in use, "1.13.1". */
export const ucxVersion: () => string = libraryVersion;

/** What the others need to reach a rank; exchanged once, at boot. */
export interface PeerAddress {
  readonly worker: Uint8Array;
  /** Remote key of its arena. */
  readonly arenaKey: Uint8Array;
}

/** Who consumes what arrives. Calls are made while the event ring is drained, in order. */
export interface TransportSink {
  /** A message: its header is at word `base` of `words`; its payload lies in the arena, in landing slot `slot` (-1: none). */
  message(base: number, payloadOffset: number, payloadBytes: number, slot: number): void;
  /** No message to or from this rank will arrive any more. Called once for each peer. */
  peerLost(peer: number): void;
  /** All messages that there were have been handed over. */
  batchEnd(): void;
}

export interface TransportOptions {
  /** "shared": peers on this host can map the arena; "private": huge pages where there are any. */
  readonly kind: "shared" | "private";
  /** Payload memory behind the message slots. */
  readonly payloadBytes: number;
  readonly landingSlots: number;
  readonly sendSlots: number;
  /** RMA operations in flight at most. */
  readonly rmaSlots: number;
}

const recordWords = 32;
const headerWord = 16;
const none = -1;

/**
 * Messages and RMA between ranks over UCX, through the rings of `ucx-node`. It owns the arena of this process:
 * [landing slots][send slots][payload], registered once. Endpoints are made on first use.
 */
export class UcxTransport implements Poller, RemoteMemory {
  readonly arena: Uint8Array;
  /** Byte offset of the payload memory in the arena; 4 MiB-aligned relative to its start when the slots are. */
  readonly payloadOffset: number;
  /** Views of the rings: where headers are read and written in place. */
  readonly words: Words;
  sink: TransportSink | undefined;

  readonly #worker: Worker;
  readonly #region: number;
  readonly #control: Int32Array;
  readonly #commandBase: number;
  readonly #commandMask: number;
  readonly #eventBase: number;
  readonly #eventMask: number;
  readonly #landingFree: Int32Array;
  readonly #sendOffset: number;
  readonly #sendSlots: Slots;
  readonly #sendSlotCount: number;
  readonly #rmaSlots: Slots;
  readonly #rmaDone: ((status: number) => void)[];
  readonly #rmaWaiting: (() => void)[] = [];

  #peers: readonly PeerAddress[] = [];
  #endpoints = new Int32Array(0);
  #keys = new Int32Array(0);
  #mapped: (Uint8Array | undefined)[] = [];
  #lost = new Uint8Array(0);
  readonly #peerOfEndpoint: number[] = [];

  constructor(options: TransportOptions) {
    this.#worker = new Worker({ eagerBytes: inlineBytes });
    const landingBytes = options.landingSlots * inlineBytes;
    this.#sendOffset = landingBytes;
    this.payloadOffset = landingBytes + options.sendSlots * inlineBytes;
    this.#region = this.#worker.allocate(options.kind, this.payloadOffset + options.payloadBytes);
    this.arena = new Uint8Array(this.#worker.region(this.#region));
    this.#landingFree = this.#worker.landing(this.#region, 0, inlineBytes, options.landingSlots);

    const { rings, commandOffset, commandSlots, eventOffset, eventSlots } = this.#worker;
    this.words = { u32: new Uint32Array(rings), i32: new Int32Array(rings), f64: new Float64Array(rings) };
    this.#control = this.words.i32;
    this.#commandBase = commandOffset / 4;
    this.#commandMask = commandSlots - 1;
    this.#eventBase = eventOffset / 4;
    this.#eventMask = eventSlots - 1;
    this.#sendSlots = new Slots(options.sendSlots);
    this.#sendSlotCount = options.sendSlots;
    this.#rmaSlots = new Slots(options.rmaSlots);
    this.#rmaDone = Array.from({ length: options.rmaSlots }, () => ignoreStatus);
  }

  get source(): object {
    return this.#worker.source;
  }

  get address(): PeerAddress {
    return { worker: this.#worker.address, arenaKey: this.#worker.packKey(this.#region) };
  }

  /** Who there is, by world rank. Called once, before anything is sent. */
  setPeers(peers: readonly PeerAddress[]): void {
    this.#peers = peers;
    this.#endpoints = new Int32Array(peers.length).fill(none);
    this.#keys = new Int32Array(peers.length).fill(none);
    this.#mapped = new Array(peers.length).fill(undefined);
    this.#lost = new Uint8Array(peers.length);
  }

  isLost(peer: number): boolean {
    return this.#lost[peer] === 1;
  }

  /** Makes the endpoint of a peer if there is none. @returns False if the peer is lost, or is found to be. */
  reach(peer: number): boolean {
    if (this.#endpoints[peer] === none && this.#lost[peer] === 0) this.#connect(peer);
    return this.#lost[peer] === 0;
  }

  /** The transports that UCX chose for a peer ("posix/memory cma/memory"), or undefined before the first use. */
  describe(peer: number): string | undefined {
    const endpoint = this.#endpoints[peer]!;
    return endpoint === none ? undefined : this.#worker.describe(endpoint).all;
  }

  /** A free send slot, or -1. It goes back by itself when `send` has sent it. */
  takeSendSlot(): number {
    return this.#sendSlots.take();
  }

  get sendSlotsAvailable(): number {
    return this.#sendSlots.available;
  }

  giveSendSlot(slot: number): void {
    this.#sendSlots.give(slot);
  }

  /** The memory of a send slot. */
  sendSlot(slot: number): Uint8Array {
    const start = this.#sendOffset + slot * inlineBytes;
    return this.arena.subarray(start, start + inlineBytes);
  }

  giveLandingSlot(slot: number): void {
    const free = this.#landingFree;
    free[++free[0]!] = slot;
  }

  /**
   * The next message: the caller writes its header at the word returned, then calls `send`; nothing may come between.
   * The peer must have been reached.
   */
  begin(peer: number): number {
    const endpoint = this.#endpoints[peer]!;
    const record = this.#nextRecord();
    const { i32 } = this.words;
    i32[record] = COMMAND.SEND;
    i32[record + 1] = endpoint;
    i32[record + 2] = 0;
    i32[record + 3] = headerBytes;
    i32[record + 4] = none;
    i32[record + 5] = 0;
    i32[record + 6] = none;
    return record + headerWord;
  }

  /** Sends the message begun at `base`, with the first `payloadBytes` of send slot `slot` unless that is -1. */
  send(base: number, slot: number, payloadBytes: number): void {
    if (slot !== none) {
      const record = base - headerWord;
      this.words.i32[record + 4] = this.#region;
      this.words.i32[record + 6] = slot;
      this.words.f64[(record + 8) >> 1] = this.#sendOffset + slot * inlineBytes;
      this.words.f64[(record + 10) >> 1] = payloadBytes;
    }
    this.#control[CONTROL.COMMAND_HEAD]!++;
  }

  put(peer: number, remoteOffset: number, localOffset: number, bytes: number): Promise<number> {
    return this.#remote(COMMAND.PUT, peer, remoteOffset, localOffset, bytes);
  }

  get(peer: number, remoteOffset: number, localOffset: number, bytes: number): Promise<number> {
    return this.#remote(COMMAND.GET, peer, remoteOffset, localOffset, bytes);
  }

  map(peer: number): Uint8Array | undefined {
    const known = this.#mapped[peer];
    if (known !== undefined || !this.reach(peer)) return known;
    const memory = this.#worker.map(this.#keyOf(peer));
    if (memory !== undefined) this.#mapped[peer] = new Uint8Array(memory);
    return this.#mapped[peer];
  }

  /** Resolves when everything sent so far has reached its peer, or its peer is lost: the last act before `close`. */
  async flush(): Promise<void> {
    const connected = [...this.#endpoints.keys()].filter((peer) => this.#endpoints[peer] !== none);
    await Promise.all(connected.map((peer) => this.#remote(COMMAND.FLUSH, peer, 0, 0, 0)));
  }

  async #remote(command: number, peer: number, remote: number, local: number, bytes: number): Promise<number> {
    let slot = this.#rmaSlots.take();
    while (slot === none) {
      await new Promise<void>((resolve) => this.#rmaWaiting.push(resolve));
      slot = this.#rmaSlots.take();
    }
    return new Promise((resolve) => {
      this.#rmaDone[slot] = resolve;
      if (!this.reach(peer)) return this.#endRemote(slot, -errno.EHOSTDOWN);
      const key = command === COMMAND.FLUSH ? none : this.#keyOf(peer);
      const record = this.#nextRecord();
      const { i32, f64 } = this.words;
      i32[record] = command;
      i32[record + 1] = this.#endpoints[peer]!;
      i32[record + 3] = 0;
      i32[record + 4] = this.#region;
      i32[record + 5] = 0;
      i32[record + 6] = this.#sendSlotCount + slot;
      i32[record + 7] = key;
      f64[(record + 8) >> 1] = local;
      f64[(record + 10) >> 1] = bytes;
      f64[(record + 12) >> 1] = remote;
      this.#control[CONTROL.COMMAND_HEAD]!++;
    });
  }

  #endRemote(slot: number, status: number): void {
    const done = this.#rmaDone[slot]!;
    this.#rmaDone[slot] = ignoreStatus;
    this.#rmaSlots.give(slot);
    this.#rmaWaiting.shift()?.();
    done(status);
  }

  drain(): void {
    const control = this.#control;
    const { i32, f64 } = this.words;
    const sink = this.sink;
    if (sink === undefined) return;
    let tail = control[CONTROL.EVENT_TAIL]!;
    while (tail !== control[CONTROL.EVENT_HEAD]!) {
      const record = this.#eventBase + (tail & this.#eventMask) * recordWords;
      const kind = i32[record]!;
      if (kind === EVENT.MESSAGE) {
        sink.message(record + headerWord, f64[(record + 8) >> 1]!, f64[(record + 10) >> 1]!, i32[record + 4]!);
      } else if (kind === EVENT.COMPLETED) {
        this.#completed(i32[record + 6]!, i32[record + 3]!);
      } else if (kind === EVENT.ENDPOINT_FAILED) {
        this.#lose(this.#peerOfEndpoint[i32[record + 1]!]!);
      } else {
        assert(false, `event of kind ${kind}: no rank sends more than ${inlineBytes} bytes in a message`);
      }
      tail = (tail + 1) | 0;
      control[CONTROL.EVENT_TAIL] = tail;
    }
    sink.batchEnd();
  }

  #completed(cookie: number, status: number): void {
    if (cookie < this.#sendSlotCount) this.#sendSlots.give(cookie);
    else this.#endRemote(cookie - this.#sendSlotCount, status === 0 ? 0 : -errno.EHOSTDOWN);
  }

  #lose(peer: number): void {
    if (this.#lost[peer] === 1) return;
    this.#lost[peer] = 1;
    this.sink?.peerLost(peer);
  }

  #nextRecord(): number {
    const control = this.#control;
    if (((control[CONTROL.COMMAND_HEAD]! - control[CONTROL.COMMAND_TAIL]!) | 0) > this.#commandMask) {
      this.#worker.post();
    }
    return this.#commandBase + (control[CONTROL.COMMAND_HEAD]! & this.#commandMask) * recordWords;
  }

  #connect(peer: number): void {
    const address = this.#peers[peer];
    assert(address !== undefined, `rank ${peer} is one of the ${this.#peers.length} ranks`);
    try {
      const endpoint = this.#worker.connect(address.worker);
      this.#endpoints[peer] = endpoint;
      this.#peerOfEndpoint[endpoint] = peer;
    } catch {
      // UCX looks at a peer on this host when it connects; one that has died meanwhile cannot be reached any more.
      this.#lose(peer);
    }
  }

  #keyOf(peer: number): number {
    let key = this.#keys[peer]!;
    if (key !== none) return key;
    key = this.#worker.unpackKey(this.#endpoints[peer]!, this.#peers[peer]!.arenaKey);
    this.#keys[peer] = key;
    return key;
  }

  /** Ends all endpoints; nothing may be sent afterwards. */
  close(): void {
    this.#worker.close();
  }
}

function ignoreStatus(_status: number): void {}
