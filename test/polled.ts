import { type Poller, Reactor } from "../src/reactor/reactor.ts";

/** Polls it until `stop` is called, which comes before its closing. */
export function poll(poller: Poller): { stop(): void } {
  const reactor = new Reactor([poller], { sliceUs: 50, spinUs: 5, yieldUs: 0 });
  reactor.start();
  return reactor;
}
