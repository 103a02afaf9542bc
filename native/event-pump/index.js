import { createRequire } from "node:module";
import { definePump } from "./pump.js";

function load() {
  try {
    return createRequire(import.meta.url)("./build/event_pump.node");
  } catch (error) {
    throw new Error(
      `event-pump: the addon does not load (${error.message}). Install a C compiler and the headers of Node.js ` +
        "(Debian: build-essential, libnode-dev; Spack: node-js), then run `make` in the folder of event-pump.",
      { cause: error },
    );
  }
}

/** Indices of `Pump.stats`, in the order of `enum pump_stat` in src/pump.h. */
export const STAT = Object.freeze({
  batches: 0,
  emptyPolls: 1,
  slices: 2,
  sleeps: 3,
  wakes: 4,
  yields: 5,
  nsInNative: 6,
  nsWaiting: 7,
  nsInDrain: 8,
  nsAsleep: 9,
});

export const Pump = definePump(load());
