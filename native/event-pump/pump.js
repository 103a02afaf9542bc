/**
 * The JavaScript half of the pump. JavaScript pulls: a call into native code costs a tenth of a call out of it, so one
 * slice is one call out, and as many polls as fit.
 */
export function definePump(addon) {
  /** `poll()` runs the microtasks of the last drain, then waits for events. */
  const sliceOf = (native, drain) => () => {
    for (;;) {
      const events = native.poll();
      if (events === 0) return;
      drain();
      if (events < 0) return;
    }
  };

  /** For a Node whose V8 does not export its checkpoint under the name that we know. */
  const sliceWithTicks = (native, drain) => () => {
    for (;;) {
      const events = native.poll();
      if (events === 0) return;
      drain();
      process._tickCallback();
      if (events < 0) return;
    }
  };

  return class Pump {
    #native;
    #slice;

    constructor(sources, drain, options) {
      if (typeof drain !== "function") throw new TypeError("drain must be a function");
      this.#native = addon.create(Array.from(sources), options, addon.canRunMicrotasks);
      this.#slice = (addon.canRunMicrotasks ? sliceOf : sliceWithTicks)(this.#native, drain);
    }

    start() {
      this.#native.start(this.#slice);
    }

    stop() {
      this.#native.stop();
    }

    tune(options) {
      this.#native.tune(options);
    }

    poke() {
      this.#native.poke();
    }

    ref() {
      this.#native.keepAlive(true);
    }

    unref() {
      this.#native.keepAlive(false);
    }

    get stats() {
      return this.#native.stats;
    }
  };
}
