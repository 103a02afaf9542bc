/** Indices of an alarm's words, in the order of `enum word` in src/alarm.c. */
export declare const WORD: {
  commands: number;
  commandsTaken: number;
  events: number;
  eventsConsumed: number;
  delayUs: number;
  armed: number;
  woken: number;
};

/** A poll source each of whose commands asks for one event: at once, or when `delayUs` are over. Builds its addon. */
export declare class Alarm {
  /** `watchable: false`: a source without file descriptor. `abi`: what the source claims to be built against. */
  constructor(options?: { watchable?: boolean; abi?: number });
  readonly source: object;
  readonly words: Int32Array;
  /** Writes one command; resolves inside the drain that consumes its event. */
  request(delayUs?: number): Promise<void>;
  /** Consumes all events; returns their number. */
  readonly drain: () => number;
}
