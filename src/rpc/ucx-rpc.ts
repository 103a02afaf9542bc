import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { inlineBytes } from "../core/limits.ts";
import { type Operation, operationIds } from "./operations.ts";
import type { CallOptions, Handler, Incoming, Reply, Rpc } from "./service.ts";
import { Slots } from "./slots.ts";
import { type Fields, type Struct, statusWord, type ValueOf } from "./struct.ts";
import type { TransportSink, UcxTransport } from "./ucx-transport.ts";

/*
 * The four words of a header that belong to this layer:
 *   0  operation id, or replyFlag
 *   1  call: slot in the low 16 bits, generation in the high 16, so that a late reply cannot end a newer call
 *   2  world rank of the sender
 *   3  status of a reply
 */
const replyFlag = 0x10000;
const slotBits = 16;
const slotMask = (1 << slotBits) - 1;

/** Deadlines are checked this often, and are late by at most as much. */
const tickMs = 250;
const empty = new Uint8Array(0);
const noOptions: CallOptions = {};

export interface UcxRpcOptions {
  readonly rank: number;
  /** Calls in flight at most, up to 65,536; further ones wait in order. */
  readonly callSlots: number;
  readonly deadlineMs: number;
}

/** Calls and serves over UCX. One message each way; state of a call is in preallocated slots. */
export class UcxRpc implements Rpc, TransportSink {
  readonly rank: number;
  readonly #transport: UcxTransport;
  readonly #deadlineMs: number;

  readonly #calls: Slots;
  readonly #callSlots: number;
  readonly #settle: ((reply: Reply<Fields>) => void)[];
  readonly #replyStruct: Struct<Fields>[];
  readonly #onPayload: (((payload: Uint8Array) => void) | undefined)[];
  readonly #peerOfCall: Int32Array;
  readonly #generation: Uint16Array;
  /** In ticks; 0: never, or no call in this slot. */
  readonly #deadlineTick: Float64Array;
  /** Calls that found no slot, in order; each says whether it has started. */
  readonly #waiting: (() => boolean)[] = [];
  #tick = 1;
  #ticker: NodeJS.Timeout | undefined;
  #closed = false;

  readonly #handlers: (ServedOperation | undefined)[] = new Array(operationIds).fill(undefined);
  readonly #idle: UcxIncoming[] = [];
  /** Replies with a payload that found no free send slot. */
  readonly #unsent: (() => void)[] = [];
  readonly #afterBatch: (() => void)[] = [];
  readonly #onPeerLost: ((peer: number) => void)[] = [];

  constructor(transport: UcxTransport, options: UcxRpcOptions) {
    assert(options.callSlots <= slotMask + 1, "a call slot fits into 16 bits");
    this.rank = options.rank;
    this.#transport = transport;
    this.#deadlineMs = options.deadlineMs;
    this.#callSlots = options.callSlots;
    this.#calls = new Slots(options.callSlots);
    this.#settle = new Array(options.callSlots).fill(undefined);
    this.#replyStruct = new Array(options.callSlots).fill(undefined);
    this.#onPayload = new Array(options.callSlots).fill(undefined);
    this.#peerOfCall = new Int32Array(options.callSlots).fill(-1);
    this.#generation = new Uint16Array(options.callSlots);
    this.#deadlineTick = new Float64Array(options.callSlots);
    transport.sink = this;
  }

  call<Q extends Fields, R extends Fields>(
    operation: Operation<Q, R>,
    peer: number,
    request: ValueOf<Q>,
    options: CallOptions = noOptions,
  ): Promise<Reply<R>> {
    return new Promise((resolve) => {
      const settle = resolve as (reply: Reply<Fields>) => void;
      if (this.#waiting.length === 0 && this.#start(operation, peer, request, options, settle)) return;
      this.#waiting.push(() => this.#start(operation, peer, request, options, settle));
    });
  }

  /** @returns False if there is no call slot, or no send slot for the payload, now. */
  #start<Q extends Fields, R extends Fields>(
    operation: Operation<Q, R>,
    peer: number,
    request: ValueOf<Q>,
    { payload, onPayload, deadlineMs = this.#deadlineMs }: CallOptions,
    resolve: (reply: Reply<Fields>) => void,
  ): boolean {
    const transport = this.#transport;
    if (this.#closed || !transport.reach(peer)) {
      resolve({ status: this.#closed ? -errno.ECANCELED : -errno.EHOSTDOWN });
      return true;
    }
    if (this.#calls.available === 0) return false;
    let sendSlot = -1;
    if (payload !== undefined && payload.length > 0) {
      assert(payload.length <= inlineBytes, `${operation.name}: a payload of ${payload.length} bytes`);
      sendSlot = transport.takeSendSlot();
      if (sendSlot === -1) return false;
      transport.sendSlot(sendSlot).set(payload);
    }
    const slot = this.#calls.take();
    this.#settle[slot] = resolve;
    this.#replyStruct[slot] = operation.reply;
    this.#onPayload[slot] = onPayload;
    this.#peerOfCall[slot] = peer;
    if (deadlineMs !== 0) this.#deadlineTick[slot] = this.#tick + Math.ceil(deadlineMs / tickMs) + 1;
    this.#ticker ??= setInterval(() => this.#onTick(), tickMs);

    const base = transport.begin(peer);
    const { i32 } = transport.words;
    i32[base] = operation.id;
    i32[base + 1] = slot | (this.#generation[slot]! << slotBits);
    i32[base + 2] = this.rank;
    operation.request.encode(transport.words, base, request);
    transport.send(base, sendSlot, payload?.length ?? 0);
    return true;
  }

  #end(slot: number, reply: Reply<Fields>): void {
    const settle = this.#settle[slot]!;
    this.#onPayload[slot] = undefined;
    this.#peerOfCall[slot] = -1;
    this.#deadlineTick[slot] = 0;
    this.#generation[slot]!++;
    this.#calls.give(slot);
    settle(reply);
  }

  #onTick(): void {
    this.#tick++;
    if (this.#calls.available === this.#callSlots && this.#waiting.length === 0) {
      clearInterval(this.#ticker);
      this.#ticker = undefined;
      return;
    }
    for (let slot = 0; slot < this.#callSlots; slot++) {
      const deadline = this.#deadlineTick[slot]!;
      if (deadline !== 0 && deadline <= this.#tick) this.#end(slot, { status: -errno.ETIMEDOUT });
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#unsent.length > 0 && this.#transport.sendSlotsAvailable > 0) this.#unsent.shift()!();
    while (this.#waiting.length > 0 && this.#waiting[0]!()) this.#waiting.shift();
  }

  serve<Q extends Fields, R extends Fields>(operation: Operation<Q, R>, handler: Handler<Q, R>): void {
    assert(this.#handlers[operation.id] === undefined, `${operation.name} has one handler`);
    this.#handlers[operation.id] = { operation, handler } as unknown as ServedOperation;
  }

  afterBatch(run: () => void): void {
    this.#afterBatch.push(run);
  }

  onPeerLost(run: (peer: number) => void): void {
    this.#onPeerLost.push(run);
  }

  message(base: number, payloadOffset: number, payloadBytes: number, landingSlot: number): void {
    const { i32 } = this.#transport.words;
    if ((i32[base]! & replyFlag) !== 0) this.#onReply(base, payloadOffset, payloadBytes, landingSlot);
    else this.#onRequest(base, payloadOffset, payloadBytes, landingSlot);
  }

  #onReply(base: number, payloadOffset: number, payloadBytes: number, landingSlot: number): void {
    const transport = this.#transport;
    const { i32 } = transport.words;
    const call = i32[base + 1]!;
    const slot = call & slotMask;
    // A reply after the deadline of its call belongs to nobody.
    const late = this.#peerOfCall[slot] === -1 || this.#generation[slot] !== call >>> slotBits;
    if (!late) {
      const reply: Reply<Fields> = this.#replyStruct[slot]!.decodeReply(transport.words, base);
      const onPayload = this.#onPayload[slot];
      if (landingSlot !== -1 && onPayload !== undefined) {
        onPayload(transport.arena.subarray(payloadOffset, payloadOffset + payloadBytes));
      }
      this.#end(slot, reply);
    }
    if (landingSlot !== -1) transport.giveLandingSlot(landingSlot);
  }

  #onRequest(base: number, payloadOffset: number, payloadBytes: number, landingSlot: number): void {
    const transport = this.#transport;
    const { i32 } = transport.words;
    const incoming = this.#idle.pop() ?? new UcxIncoming(this);
    incoming.peer = i32[base + 2]!;
    incoming.call = i32[base + 1]!;
    incoming.landingSlot = landingSlot;
    incoming.payload =
      landingSlot === -1 ? empty : transport.arena.subarray(payloadOffset, payloadOffset + payloadBytes);
    const served = this.#handlers[i32[base]!];
    if (served === undefined) {
      incoming.fail(-errno.ENOSYS);
      return;
    }
    incoming.reply = served.operation.reply;
    served.handler(served.operation.request.decode(transport.words, base), incoming);
  }

  batchEnd(): void {
    for (const run of this.#afterBatch) run();
    if (this.#waiting.length > 0 || this.#unsent.length > 0) this.#startWaiting();
  }

  peerLost(peer: number): void {
    for (let slot = 0; slot < this.#callSlots; slot++) {
      if (this.#peerOfCall[slot] === peer) this.#end(slot, { status: -errno.EHOSTDOWN });
    }
    for (const run of this.#onPeerLost) run(peer);
  }

  /** Sends the answer of `incoming` and takes it back. For `UcxIncoming` alone. */
  answer(incoming: UcxIncoming, status: number, reply: ValueOf<Fields> | undefined, payloadBytes: number): void {
    const transport = this.#transport;
    if (incoming.overflow !== undefined && payloadBytes > 0) {
      const slot = transport.takeSendSlot();
      if (slot === -1) {
        this.#unsent.push(() => this.answer(incoming, status, reply, payloadBytes));
        return;
      }
      transport.sendSlot(slot).set(incoming.overflow.subarray(0, payloadBytes));
      incoming.sendSlot = slot;
    }
    const lost = this.#closed || !transport.reach(incoming.peer);
    if (incoming.sendSlot !== -1 && (lost || payloadBytes === 0)) {
      transport.giveSendSlot(incoming.sendSlot);
      incoming.sendSlot = -1;
    }
    if (!lost) {
      const base = transport.begin(incoming.peer);
      const { i32 } = transport.words;
      i32[base] = replyFlag;
      i32[base + 1] = incoming.call;
      i32[base + 2] = this.rank;
      i32[base + statusWord] = status;
      if (reply !== undefined) incoming.reply!.encode(transport.words, base, reply);
      transport.send(base, incoming.sendSlot, payloadBytes);
    }
    if (incoming.landingSlot !== -1) transport.giveLandingSlot(incoming.landingSlot);
    incoming.reset();
    this.#idle.push(incoming);
  }

  /** A free send slot for a reply, or -1. For `UcxIncoming` alone. */
  takeSendSlot(): number {
    return this.#transport.takeSendSlot();
  }

  sendSlot(slot: number): Uint8Array {
    return this.#transport.sendSlot(slot);
  }

  /** Ends every call with ECANCELED and refuses new ones. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#ticker);
    for (let slot = 0; slot < this.#callSlots; slot++) {
      if (this.#peerOfCall[slot] !== -1) this.#end(slot, { status: -errno.ECANCELED });
    }
    for (const start of this.#waiting.splice(0)) start();
  }
}

interface ServedOperation {
  readonly operation: Operation<Fields, Fields>;
  readonly handler: Handler<Fields, Fields>;
}

/** A request being served; pooled, so that serving allocates nothing that outlives the batch. */
class UcxIncoming implements Incoming<Fields> {
  peer = -1;
  call = 0;
  landingSlot = -1;
  sendSlot = -1;
  payload: Uint8Array = empty;
  reply: Struct<Fields> | undefined;
  /** Stands in for a send slot when none was free. */
  overflow: Uint8Array | undefined;
  readonly #rpc: UcxRpc;

  constructor(rpc: UcxRpc) {
    this.#rpc = rpc;
  }

  replyBuffer(): Uint8Array {
    if (this.sendSlot === -1 && this.overflow === undefined) {
      this.sendSlot = this.#rpc.takeSendSlot();
      if (this.sendSlot === -1) this.overflow = new Uint8Array(inlineBytes);
    }
    return this.overflow ?? this.#rpc.sendSlot(this.sendSlot);
  }

  respond(reply: ValueOf<Fields>, payloadBytes = 0): void {
    assert(this.peer !== -1, "a request is answered once");
    this.#rpc.answer(this, 0, reply, payloadBytes);
  }

  fail(status: number): void {
    assert(this.peer !== -1 && status < 0, `a failure is a negative errno, once; not ${status}`);
    this.#rpc.answer(this, status, undefined, 0);
  }

  reset(): void {
    this.peer = -1;
    this.landingSlot = -1;
    this.sendSlot = -1;
    this.overflow = undefined;
    this.payload = empty;
  }
}
