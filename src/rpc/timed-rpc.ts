import { StageTimer } from "../core/stage-timer.ts";
import type { Operation } from "./operations.ts";
import type { CallOptions, Handler, Reply, Rpc } from "./service.ts";
import type { Fields, ValueOf } from "./struct.ts";

/** The same Rpc, counting its calls, and timing one in some from the call to its end. */
export class TimedRpc implements Rpc {
  readonly #rpc: Rpc;
  readonly #timer = new StageTimer();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  get rank(): number {
    return this.#rpc.rank;
  }

  /** Calls so far, and those that were timed. */
  get counters(): { calls: number; callSamples: number; callNs: number } {
    const { count, samples, sampledNs } = this.#timer;
    return { calls: count, callSamples: samples, callNs: sampledNs };
  }

  call<Q extends Fields, R extends Fields>(
    operation: Operation<Q, R>,
    peer: number,
    request: ValueOf<Q>,
    options?: CallOptions,
  ): Promise<Reply<R>> {
    const startMs = this.#timer.start();
    const reply = this.#rpc.call(operation, peer, request, options);
    if (startMs !== 0) void reply.then(() => this.#timer.stop(startMs));
    return reply;
  }

  serve<Q extends Fields, R extends Fields>(operation: Operation<Q, R>, handler: Handler<Q, R>): void {
    this.#rpc.serve(operation, handler);
  }

  afterBatch(run: () => void): void {
    this.#rpc.afterBatch(run);
  }

  onPeerLost(run: (peer: number) => void): void {
    this.#rpc.onPeerLost(run);
  }
}
