import type { Reactor } from "../reactor/reactor.ts";
import type { ServerCounters } from "../report/servers.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { Counters } from "../server/counters.ts";
import { ProcessClock } from "./process-clock.ts";

/** A server that does not answer by then is lost or stopped; the phases notice by themselves. */
const readDeadlineMs = 5000;

/** A server's counters, of what it serves and of its process. */
export class OwnCounters {
  readonly #process: ProcessClock;
  readonly #served: () => Counters;

  constructor(reactor: Reactor, served: () => Counters) {
    this.#process = new ProcessClock(reactor);
    this.#served = served;
  }

  read(): ServerCounters {
    return { ...this.#served(), ...this.#process.read() };
  }

  encode(): Uint8Array {
    return Buffer.from(JSON.stringify(this.read()));
  }
}

export function decodeCounters(bytes: Uint8Array): ServerCounters {
  return JSON.parse(Buffer.from(bytes).toString());
}

export function serveCounters(rpc: Rpc, counters: OwnCounters): void {
  rpc.serve(operations.counters, (_, incoming) => {
    const bytes = counters.encode();
    incoming.replyBuffer().set(bytes);
    incoming.respond({}, bytes.length);
  });
}

/** The counters of all servers, by index; none at all if a server does not answer. */
export async function readCounters(rpc: Rpc, servers: readonly number[]): Promise<readonly ServerCounters[]> {
  const read: ServerCounters[] = new Array(servers.length);
  const calls = servers.map((rank, server) => {
    const onPayload = (payload: Uint8Array) => {
      read[server] = decodeCounters(payload);
    };
    return rpc.call(operations.counters, rank, {}, { onPayload, deadlineMs: readDeadlineMs });
  });
  const replies = await Promise.all(calls);
  return replies.every(({ status }) => status === 0) ? read : [];
}
