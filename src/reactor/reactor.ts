import { Pump, STAT } from "event-pump";
import { Collections } from "./collections.ts";

/** Something that the loop polls: a native poll source, and what consumes its event ring. */
export interface Poller {
  readonly source: object;
  /** Consumes all events there are. Must not block and must not throw. */
  drain(): void;
}

/** Times of the loop in microseconds; see docs/configuration.md. */
export interface ReactorTimes {
  /** Longest time in the loop before libuv has its turn (timers, signals). */
  readonly sliceUs: number;
  /** Quiet time spent polling before the core is offered to others. */
  readonly spinUs: number;
  /** Further quiet time spent in sched_yield before the process sleeps. */
  readonly yieldUs: number;
}

/**
 * `auto`: a rank with a core of its own spins 50 us, which covers a reply from another core and most of a device
 * access; ranks that share cores step aside after 5 us, since the peer they wait for may need this very core.
 */
export function automaticTimes(oversubscribed: boolean): ReactorTimes {
  return oversubscribed ? { sliceUs: 50, spinUs: 5, yieldUs: 100 } : { sliceUs: 50, spinUs: 50, yieldUs: 0 };
}

/** The one event loop of a process: every poller, in order, then what follows a batch. */
export class Reactor {
  readonly #pump: Pump;
  readonly #pollers: readonly Poller[];
  readonly #collections = new Collections();
  #started = false;

  constructor(pollers: readonly Poller[], times: ReactorTimes) {
    this.#pollers = pollers;
    this.#pump = new Pump(
      pollers.map((poller) => poller.source),
      () => this.#drain(),
      times,
    );
  }

  #drain(): void {
    for (const poller of this.#pollers) poller.drain();
  }

  start(): void {
    this.#pump.start();
    this.#collections.start();
    this.#started = true;
  }

  /** Stops polling; the process may end. Nothing in flight makes progress any more. */
  stop(): void {
    if (this.#started) this.#pump.stop();
    this.#collections.stop();
    this.#started = false;
  }

  /** What the loop has done since it was made; reading it costs nothing. */
  get counters(): ReactorCounters {
    const stats = this.#pump.stats;
    return {
      batches: stats[STAT.batches]!,
      emptyPolls: stats[STAT.emptyPolls]!,
      sleeps: stats[STAT.sleeps]!,
      wakes: stats[STAT.wakes]!,
      yields: stats[STAT.yields]!,
      inNativeNs: stats[STAT.nsInNative]!,
      waitingNs: stats[STAT.nsWaiting]!,
      inJavaScriptNs: stats[STAT.nsInDrain]!,
      asleepNs: stats[STAT.nsAsleep]!,
      collectingNs: this.#collections.ns,
    };
  }
}

/** Times are nanoseconds. What is in none of the four is libuv's: timers, signals, the turn itself. */
export interface ReactorCounters {
  /** Polls that found events. */
  readonly batches: number;
  readonly emptyPolls: number;
  readonly sleeps: number;
  /** Sleeps that an event ended. */
  readonly wakes: number;
  /** Times that the core was offered to others. */
  readonly yields: number;
  /** Progress of UCX and io_uring. */
  readonly inNativeNs: number;
  /** Polls that found nothing. */
  readonly waitingNs: number;
  /** Event handlers and the promise continuations that follow them; collections of garbage, too. */
  readonly inJavaScriptNs: number;
  readonly asleepNs: number;
  /** Collections of garbage, some turns of libuv late. */
  readonly collectingNs: number;
}
