/**
 * Drives poll sources (see addon-kit/include/poll_source.h) from one JavaScript loop on libuv.
 *
 * JavaScript pulls: each turn of libuv runs one slice, in which native `poll()` and `drain` alternate. `poll()` makes
 * progress on every source and spins until one has events. Promise continuations of a drain run before the next poll.
 * After a quiet time the sources are armed and libuv blocks on their file descriptors.
 *
 * Everything happens on the thread that made the pump. A process may hold several pumps.
 */

export interface PumpOptions {
  /**
   * How long JavaScript and `poll()` may alternate until libuv gets a turn, in which timers, sockets, signals, child
   * exits, `setImmediate` and `process.nextTick` run. An integer >= 1; 50 costs 2 to 4 %. A drain is never interrupted,
   * so it bounds the delay only together with the longest drain.
   */
  sliceUs: number;
  /** Busy polling without an event before the next phase. An integer >= 0. */
  spinUs: number;
  /** After `spinUs`: polling with a sched_yield(2) in each round, before sleep. An integer >= 0; 0 leaves it out. */
  yieldUs: number;
}

export declare class Pump {
  /**
   * Opens libuv handles; nothing runs before `start()`.
   *
   * @param sources 1 to 64 poll sources. They are kept alive until the pump is collected. Stop the pump before a source
   *   is closed. A source without file descriptor bounds every sleep to 1 ms.
   * @param drain Called when any source has events. It must consume all events of all sources: what it leaves makes the
   *   next poll return at once. It may write commands, start and stop the pump, and must not throw: an exception stops
   *   the pump and surfaces as `uncaughtException`; what has not been consumed then is still there after `start()`.
   * @throws TypeError (ERR_INVALID_ARG_TYPE): an element is no poll source, or an argument has another type.
   * @throws RangeError (ERR_OUT_OF_RANGE): no or too many sources, or an option out of its range.
   * @throws Error ERR_PUMP_ABI: a source was built against another version of poll_source.h.
   * @throws Error ERR_PUMP_WATCH: libuv cannot watch a source's file descriptor (closed, or a regular file).
   */
  constructor(sources: readonly object[], drain: () => void, options: PumpOptions);

  /** Runs the pump, which keeps the process alive until `stop()`. Does nothing if it runs. Never blocks or throws. */
  start(): void;

  /**
   * Stops polling; events and commands stay in their rings. Works inside `drain`, which then is not called again.
   * Does nothing if the pump is stopped. Never blocks or throws.
   */
  stop(): void;

  /**
   * Changes the options; the slice that runs keeps its end, the quiet time starts anew.
   * @throws TypeError, RangeError as the constructor; nothing is changed then.
   */
  tune(options: PumpOptions): void;

  /**
   * Commands were written outside of `drain`: ends a sleep, so that they are taken in the next turn of libuv. Without
   * it they are noticed too, since the pump looks at its sources before libuv blocks; then only the rest of the turn
   * passes. Does nothing while the pump is awake or stopped. Never blocks or throws.
   */
  poke(): void;

  /** The running pump keeps the process alive (the default). Never throws. */
  ref(): void;

  /** The running pump does not keep the process alive. Never throws. */
  unref(): void;

  /**
   * Counters since construction, at the indices of `STAT`; the pump's own memory, live and cheap to read. Times are
   * nanoseconds. Writing to it changes nothing but the figures.
   */
  readonly stats: Float64Array;
}

/** Indices of `Pump.stats`. */
export declare const STAT: {
  /** Polls that returned events, each followed by one `drain`. */
  readonly batches: 0;
  /** Rounds over all sources that found nothing. */
  readonly emptyPolls: 1;
  /** Turns of libuv that ran a slice. */
  readonly slices: 2;
  /** Times that all sources were armed and libuv was left to block. */
  readonly sleeps: 3;
  /** Sleeps that a file descriptor ended; the others ended by commands, `stop()` or the 1 ms bound. */
  readonly wakes: 4;
  /** sched_yield(2) calls. */
  readonly yields: 5;
  /** Rounds over the sources that found events at once. */
  readonly nsInNative: 6;
  /** Rounds that found nothing, and yields: what a core spends on waiting. */
  readonly nsWaiting: 7;
  /** Inside `drain`, with the microtasks and ticks that follow it, and with the round that found events after a wait. */
  readonly nsInDrain: 8;
  readonly nsAsleep: 9;
};
