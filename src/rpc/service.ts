import type { Operation } from "./operations.ts";
import type { Fields, ValueOf } from "./struct.ts";

/** A request being served. It must be answered exactly once, at once or later; until then its payload stays valid. */
export interface Incoming<R extends Fields> {
  /** World rank of the caller. */
  readonly peer: number;
  /** The request's payload, in place; valid until the answer. Empty if there was none. */
  readonly payload: Uint8Array;
  /** Room for a reply payload of up to `inlineBytes`, in place; write into it, then answer with its length. */
  replyBuffer(): Uint8Array;
  /** Success. `payloadBytes` of the reply buffer travel with it. */
  respond(reply: ValueOf<R>, payloadBytes?: number): void;
  /** Failure: a negative errno. */
  fail(status: number): void;
}

export type Handler<Q extends Fields, R extends Fields> = (request: ValueOf<Q>, incoming: Incoming<R>) => void;

/** The answer to a call: its fields and a status, 0 or a negative errno; fields count only when the status is 0. */
export type Reply<R extends Fields> = ValueOf<R> & { status: number };

export interface CallOptions {
  /** Copied into the message; up to `inlineBytes`. */
  payload?: Uint8Array;
  /** Sees the reply's payload in place, during this call only; runs before the promise settles. */
  onPayload?: (payload: Uint8Array) => void;
  /** Milliseconds until the call settles with ETIMEDOUT; default: the configured one. 0: never. */
  deadlineMs?: number;
}

/** Calls and serves operations among the ranks of the job. Nothing here knows where a rank is. */
export interface Rpc {
  /** World rank of this process. */
  readonly rank: number;
  /**
   * Always settles, never rejects: with the peer's answer, or with status -EHOSTDOWN (the peer died),
   * -ETIMEDOUT (the deadline passed) or -ECANCELED (this process is closing).
   */
  call<Q extends Fields, R extends Fields>(
    operation: Operation<Q, R>,
    peer: number,
    request: ValueOf<Q>,
    options?: CallOptions,
  ): Promise<Reply<R>>;
  /** One handler for an operation. Handlers run one after the other and must not block. */
  serve<Q extends Fields, R extends Fields>(operation: Operation<Q, R>, handler: Handler<Q, R>): void;
  /** Runs after each batch of incoming messages has been handled: the place for work shared by a batch. */
  afterBatch(run: () => void): void;
  /** Called once for every peer that is found dead. */
  onPeerLost(run: (peer: number) => void): void;
}
