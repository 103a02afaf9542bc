import { type Poller, Reactor } from "../src/reactor/reactor.ts";

/**
 * Reactors of this process, also the stopped ones. A collected pump takes its descriptors out of libuv's epoll set,
 * by number; a number that meanwhile belongs to another pump's source would never wake that one again.
 */
const reactors: Reactor[] = [];

/** Polls it until `stop` is called, which comes before its closing. */
export function poll(poller: Poller): { stop(): void } {
  const reactor = new Reactor([poller], { sliceUs: 50, spinUs: 5, yieldUs: 0 });
  reactors.push(reactor);
  reactor.start();
  return reactor;
}
