import { describe, expect, it } from "vitest";
import { BenchError } from "../core/errors.ts";
import { Measurement, type MeasureOptions } from "./measure.ts";
import type { PhaseWork } from "./phase.ts";

const options: MeasureOptions = {
  queueDepth: 1,
  stonewallS: undefined,
  barrier: undefined,
  interrupted: () => undefined,
  progress: () => {},
};

async function measure(work: PhaseWork, changed: Partial<MeasureOptions> = {}) {
  const measurement = new Measurement(work, { ...options, ...changed });
  await measurement.setUp();
  await measurement.run();
  return measurement.result(3, "h3");
}

describe("Measurement", () => {
  it("lets timers and signals have their turn while operations complete at once, and shows progress then", async () => {
    let timerFired = false;
    let shown = 0;
    const timer = setTimeout(() => {
      timerFired = true;
    }, 1);
    const work: PhaseWork = { operations: 1e9, operate: () => Promise.resolve(1) };
    const { stopped, finished, bytes } = await measure(work, {
      // Were the timer never to fire, the stonewall would end this.
      interrupted: () => (timerFired ? "the timer" : undefined),
      stonewallS: 5,
      progress: (operationsDone) => {
        shown = operationsDone;
      },
    });
    clearTimeout(timer);
    expect(stopped).toBe("the timer");
    expect(shown).toBeGreaterThan(0);
    expect(bytes).toBe(finished);
  });

  it("does not count what comes before and after an operation as its latency", async () => {
    const wait = (ms: number) => {
      const endMs = performance.now() + ms;
      while (performance.now() < endMs);
      return undefined;
    };
    const work: PhaseWork = { operations: 3, prepare: () => wait(15), operate: async () => 0, check: () => wait(15) };
    const { latency, operationsStartS, operationsStopS } = await measure(work);
    expect(latency.minNs).toBeLessThan(10e6);
    expect(operationsStopS - operationsStartS).toBeGreaterThan(0.08);
  });

  it("orders the steps, and has barriers between them if asked", async () => {
    const steps: string[] = [];
    const step = (name: string) => async () => {
      steps.push(name);
    };
    const work: PhaseWork = {
      operations: 2,
      setUp: step("set up"),
      open: step("open"),
      prepare: (index) => steps.push(`prepare ${index}`),
      async operate(index) {
        steps.push(`operate ${index}`);
        return 0;
      },
      finish: step("finish"),
      close: step("close"),
    };
    await measure(work, { barrier: step("barrier") });
    const operations = ["prepare 0", "operate 0", "prepare 1", "operate 1", "finish"];
    expect(steps).toEqual(["set up", "open", "barrier", ...operations, "barrier", "close"]);
  });

  it("begins nothing when there is a reason to stop, but closes what is open", async () => {
    const steps: string[] = [];
    const work: PhaseWork = {
      operations: 5,
      async open() {
        steps.push("open");
      },
      async operate(index) {
        steps.push(`operate ${index}`);
        return 0;
      },
      async finish() {
        steps.push("finish");
      },
      async close() {
        steps.push("close");
      },
    };
    await measure(work, { interrupted: () => "SIGTERM" });
    expect(steps).toEqual([]);
    await measure(work, { interrupted: () => (steps.length > 2 ? "SIGTERM" : undefined) });
    expect(steps).toEqual(["open", "operate 0", "operate 1", "close"]);
  });

  it("wears out a stonewall: goes on to as many operations as the fastest client, then finishes", async () => {
    let finishedAfter = 0;
    let operated = 0;
    const work: PhaseWork = {
      operations: 1e9,
      async operate() {
        operated++;
        return 1;
      },
      async finish() {
        finishedAfter = operated;
      },
    };
    const asked: number[] = [];
    const { stopped, finished, bytes } = await measure(work, {
      stonewallS: 0.01,
      async mostFinished(own) {
        asked.push(own);
        return own + 1000;
      },
    });
    expect(stopped).toBe("stonewall");
    expect(asked).toEqual([finished - 1000]);
    expect([bytes, finishedAfter]).toEqual([finished, finished]);
  });

  it("begins again with work that repeats: until a least time is over, and to wear out a stonewall", async () => {
    const operate = () => new Promise<number>((resolve) => setTimeout(resolve, 1, 1));
    const repeated = await measure({ operations: 3, repeats: true, operate }, { minS: 0.05 });
    expect(repeated.operationsStopS - repeated.operationsStartS).toBeGreaterThanOrEqual(0.049);
    expect(repeated.finished % 3).toBe(0);
    expect((await measure({ operations: 3, operate }, { minS: 0.05 })).finished).toBe(3);
    const mostFinished = async () => 7;
    expect((await measure({ operations: 3, repeats: true, operate }, { mostFinished })).finished).toBe(7);
    expect((await measure({ operations: 3, operate }, { mostFinished })).finished).toBe(3);
    expect((await measure({ operations: 0, repeats: true, operate }, { mostFinished, minS: 1 })).finished).toBe(0);
  });

  it("takes part in the wear-out also without having opened, and does nothing then", async () => {
    let asked = -1;
    const work: PhaseWork = {
      operations: 5,
      open: () => Promise.reject(new BenchError("ERR_WORKLOAD", "no such file")),
      operate: () => Promise.reject(new Error("not opened")),
    };
    const { errors, finished } = await measure(work, {
      async mostFinished(own) {
        asked = own;
        return 3;
      },
    });
    expect([asked, errors, finished]).toEqual([0, 1, 0]);
  });

  it("keeps what was done in each second if asked, also in one in which nothing completes", async () => {
    const work: PhaseWork = {
      operations: 4,
      // 1.6 s in all; two at a time, of which the last two take 1.4 s.
      operate: (index) => new Promise((resolve) => setTimeout(() => resolve(10), index < 2 ? 200 : 1400)),
    };
    const { timeline, operationsStartS, operationsStopS } = await measure(work, { queueDepth: 2, timeline: true });
    expect(timeline!.length).toBeGreaterThanOrEqual(2);
    const [first, ...rest] = timeline!;
    expect(first).toMatchObject({ ops: 2, bytes: 20, inFlight: 2 });
    const total = (key: "ops" | "bytes" | "intervalS") => timeline!.reduce((sum, sample) => sum + sample[key], 0);
    expect([total("ops"), total("bytes"), rest.at(-1)!.inFlight]).toEqual([4, 40, 0]);
    expect(total("intervalS")).toBeCloseTo(operationsStopS - operationsStartS, 0);
    expect((await measure({ operations: 1, operate: async () => 1 })).timeline).toBeUndefined();
  });
});
