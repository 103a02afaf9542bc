import type { Incoming } from "../rpc/service.ts";
import type { Fields, ValueOf } from "../rpc/struct.ts";

/** A request that says when it has been answered. */
export class TimedIncoming<R extends Fields> implements Incoming<R> {
  readonly #incoming: Incoming<R>;
  readonly #onAnswer: () => void;

  constructor(incoming: Incoming<R>, onAnswer: () => void) {
    this.#incoming = incoming;
    this.#onAnswer = onAnswer;
  }

  get peer(): number {
    return this.#incoming.peer;
  }

  get payload(): Uint8Array {
    return this.#incoming.payload;
  }

  replyBuffer(): Uint8Array {
    return this.#incoming.replyBuffer();
  }

  respond(reply: ValueOf<R>, payloadBytes?: number): void {
    this.#onAnswer();
    this.#incoming.respond(reply, payloadBytes);
  }

  fail(status: number): void {
    this.#onAnswer();
    this.#incoming.fail(status);
  }
}
