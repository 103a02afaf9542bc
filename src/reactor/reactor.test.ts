import { Ring } from "napi-io-uring";
import { afterEach, describe, expect, it } from "vitest";
import { automaticTimes, type Poller, Reactor } from "./reactor.ts";

/** Keeps a real ring busy: every completion of a NOP writes the next one, as long as `more` says so. */
class Nops implements Poller {
  readonly ring = new Ring({ entries: 8 });
  readonly source = this.ring.source;
  completed = 0;
  more = () => false;
  readonly #words = new Int32Array(this.ring.rings);

  /** Writes one command; the words of the rings are described in the package's index.d.ts. */
  issue(): void {
    const words = this.#words;
    const record = this.ring.commandOffset / 4 + (words[0]! & (this.ring.commandSlots - 1)) * 16;
    words.fill(0, record, record + 16);
    words[0]!++;
  }

  drain(): void {
    const words = this.#words;
    while (words[2] !== words[3]) {
      words[3]!++;
      this.completed++;
      if (this.more()) this.issue();
    }
  }
}

describe("Reactor", () => {
  const times = { sliceUs: 50, spinUs: 20, yieldUs: 20 };
  let nops: Nops;
  let reactor: Reactor;
  const start = () => {
    nops = new Nops();
    reactor = new Reactor([nops], times);
    reactor.start();
  };
  afterEach(() => {
    reactor.stop();
    nops.ring.close();
  });

  it("sleeps without events, and wakes for a command written by a timer", async () => {
    start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { sleeps, asleepNs } = reactor.counters;
    expect(sleeps).toBeGreaterThan(0);
    nops.issue();
    while (nops.completed === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(reactor.counters.batches).toBeGreaterThan(0);
    expect(reactor.counters.asleepNs).toBeGreaterThan(asleepNs);
  });

  it("serves timers, setImmediate and promises while events never end", async () => {
    start();
    let saturated = true;
    nops.more = () => saturated;
    for (let i = 0; i < 4; i++) nops.issue();
    const served: string[] = [];
    await new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => served.push("timer"));
    await new Promise<void>((resolve) => setImmediate(resolve)).then(() => served.push("immediate"));
    await Promise.resolve().then(() => served.push("promise"));
    saturated = false;
    expect(served).toEqual(["timer", "immediate", "promise"]);
    expect(nops.completed).toBeGreaterThan(100);
    const { inNativeNs, inJavaScriptNs } = reactor.counters;
    expect(inNativeNs).toBeGreaterThan(0);
    expect(inJavaScriptNs).toBeGreaterThan(0);
  });

  it("counts what collections of garbage take", async () => {
    start();
    let kept: unknown[] = [];
    while (reactor.counters.collectingNs === 0) {
      kept = Array.from({ length: 100_000 }, (_, i) => ({ i }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(kept).toHaveLength(100_000);
  });

  it("polls nothing any more once it is stopped", async () => {
    start();
    reactor.stop();
    nops.issue();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(nops.completed).toBe(0);
  });

  it("steps aside sooner where ranks share cores", () => {
    start();
    const [own, shared] = [automaticTimes(false), automaticTimes(true)];
    expect(shared.spinUs).toBeLessThan(own.spinUs);
    expect(shared.yieldUs).toBeGreaterThan(own.yieldUs);
  });
});
