import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { headerBytes, inlineBytes } from "../core/limits.ts";
import { type Operation, operationIds } from "./operations.ts";
import type { CallOptions, Handler, Incoming, Reply, Rpc } from "./service.ts";
import type { Fields, Struct, ValueOf, Words } from "./struct.ts";

/** A message as it travels: copies of everything (`slice` of a Buffer is none), so that later changes are not seen. */
export interface LocalMessage {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

/** Hands a message to the network; it arrives later, after all earlier ones of this rank to that peer. */
export type Post = (peer: number, message: LocalMessage) => void;

// The same four words, in the same order, as over UCX.
const operationWord = 0;
const callWord = 1;
const senderWord = 2;
const statusWord = 3;
const replyFlag = 0x10000;

/** What a payload becomes when its owner must not look at it any more. */
const poison = 0xee;

const scratch = new ArrayBuffer(headerBytes);
const scratchBytes = new Uint8Array(scratch);
const words: Words = { u32: new Uint32Array(scratch), i32: new Int32Array(scratch), f64: new Float64Array(scratch) };

interface Call {
  readonly peer: number;
  readonly reply: Struct<Fields>;
  readonly onPayload: ((payload: Uint8Array) => void) | undefined;
  readonly settle: (reply: Reply<Fields>) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** The `Rpc` of one rank of a `LocalNetwork`. */
export class LocalRpc implements Rpc {
  readonly rank: number;
  readonly #post: Post;
  readonly #handlers: ({ operation: Operation<Fields, Fields>; handler: Handler<Fields, Fields> } | undefined)[];
  readonly #calls = new Map<number, Call>();
  readonly #lost = new Set<number>();
  readonly #afterBatch: (() => void)[] = [];
  readonly #onPeerLost: ((peer: number) => void)[] = [];
  #nextCall = 0;
  #dead = false;

  constructor(rank: number, post: Post) {
    this.rank = rank;
    this.#post = post;
    this.#handlers = new Array(operationIds).fill(undefined);
  }

  call<Q extends Fields, R extends Fields>(
    operation: Operation<Q, R>,
    peer: number,
    request: ValueOf<Q>,
    { payload = new Uint8Array(0), onPayload, deadlineMs = 0 }: CallOptions = {},
  ): Promise<Reply<R>> {
    assert(payload.length <= inlineBytes, `${operation.name}: a payload of ${payload.length} bytes`);
    return new Promise((resolve) => {
      const settle = resolve as (reply: Reply<Fields>) => void;
      if (this.#dead || this.#lost.has(peer)) {
        settle({ status: -errno.EHOSTDOWN });
        return;
      }
      const id = this.#nextCall++;
      const expire = () => this.#end(id, { status: -errno.ETIMEDOUT });
      const timer = deadlineMs === 0 ? undefined : setTimeout(expire, deadlineMs);
      this.#calls.set(id, { peer, reply: operation.reply, onPayload, settle, timer });
      scratchBytes.fill(0);
      words.i32[operationWord] = operation.id;
      words.i32[callWord] = id;
      words.i32[senderWord] = this.rank;
      operation.request.encode(words, 0, request);
      this.#post(peer, { header: scratchBytes.slice(), payload: new Uint8Array(payload) });
    });
  }

  serve<Q extends Fields, R extends Fields>(operation: Operation<Q, R>, handler: Handler<Q, R>): void {
    assert(this.#handlers[operation.id] === undefined, `${operation.name} has one handler`);
    this.#handlers[operation.id] = { operation, handler: handler as unknown as Handler<Fields, Fields> };
  }

  afterBatch(run: () => void): void {
    this.#afterBatch.push(run);
  }

  onPeerLost(run: (peer: number) => void): void {
    this.#onPeerLost.push(run);
  }

  /** For the network: a message of a peer has arrived. */
  receive({ header, payload }: LocalMessage): void {
    scratchBytes.set(header);
    const id = words.i32[callWord]!;
    if ((words.i32[operationWord]! & replyFlag) === 0) {
      this.#serveRequest(words.i32[operationWord]!, id, words.i32[senderWord]!, payload);
      return;
    }
    const call = this.#calls.get(id);
    if (call === undefined) return; // its deadline has passed
    const status = words.i32[statusWord]!;
    const reply = { ...call.reply.decode(words, 0), status };
    if (payload.length > 0) call.onPayload?.(payload);
    payload.fill(poison);
    this.#end(id, reply);
  }

  #serveRequest(operationId: number, call: number, peer: number, payload: Uint8Array): void {
    const served = this.#handlers[operationId];
    const incoming = new LocalIncoming(peer, payload, (status, reply, replyPayload) => {
      if (this.#dead || this.#lost.has(peer)) return;
      scratchBytes.fill(0);
      words.i32[operationWord] = replyFlag;
      words.i32[callWord] = call;
      words.i32[senderWord] = this.rank;
      words.i32[statusWord] = status;
      if (reply !== undefined) served?.operation.reply.encode(words, 0, reply);
      this.#post(peer, { header: scratchBytes.slice(), payload: new Uint8Array(replyPayload) });
    });
    if (served === undefined) incoming.fail(-errno.ENOSYS);
    else served.handler(served.operation.request.decode(words, 0), incoming);
  }

  #end(id: number, reply: Reply<Fields>): void {
    const call = this.#calls.get(id)!;
    this.#calls.delete(id);
    clearTimeout(call.timer);
    call.settle(reply);
  }

  /** For the network: a batch of messages has been received. */
  batchEnd(): void {
    for (const run of this.#afterBatch) run();
  }

  /** For the network: `peer` is dead. */
  peerLost(peer: number): void {
    this.#lost.add(peer);
    for (const [id, call] of this.#calls) if (call.peer === peer) this.#end(id, { status: -errno.EHOSTDOWN });
    for (const run of this.#onPeerLost) run(peer);
  }

  /** For the network: this rank is dead. */
  die(): void {
    this.#dead = true;
    for (const id of [...this.#calls.keys()]) this.#end(id, { status: -errno.EHOSTDOWN });
  }
}

type Answer = (status: number, reply: ValueOf<Fields> | undefined, payload: Uint8Array) => void;

class LocalIncoming implements Incoming<Fields> {
  readonly peer: number;
  readonly payload: Uint8Array;
  readonly #answer: Answer;
  #replyBuffer: Uint8Array | undefined;
  #answered = false;

  constructor(peer: number, payload: Uint8Array, answer: Answer) {
    this.peer = peer;
    this.payload = payload;
    this.#answer = answer;
  }

  replyBuffer(): Uint8Array {
    this.#replyBuffer ??= new Uint8Array(inlineBytes);
    return this.#replyBuffer;
  }

  respond(reply: ValueOf<Fields>, payloadBytes = 0): void {
    assert(payloadBytes <= inlineBytes, `a reply payload of ${payloadBytes} bytes`);
    this.#end(0, reply, payloadBytes);
  }

  fail(status: number): void {
    assert(status < 0, `a failure is a negative errno, not ${status}`);
    this.#end(status, undefined, 0);
  }

  #end(status: number, reply: ValueOf<Fields> | undefined, payloadBytes: number): void {
    assert(!this.#answered, "a request is answered once");
    this.#answered = true;
    const buffer = payloadBytes === 0 ? new Uint8Array(0) : this.replyBuffer();
    this.#answer(status, reply, buffer.subarray(0, payloadBytes));
    // Over UCX both buffers belong to another message from here on.
    this.payload.fill(poison);
    this.#replyBuffer?.fill(poison);
  }
}
