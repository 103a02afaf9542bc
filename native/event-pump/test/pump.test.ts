import { execFileSync, type StdioOptions } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import * as eventPump from "../index.js";
import { Pump, STAT } from "../index.js";
import { Alarm, WORD } from "./alarm-source/index.js";

const options = { sliceUs: 50, spinUs: 50, yieldUs: 100 };
const pumps: Pump[] = [];

/** A started pump that drains the alarms; stopped after the test. */
function pumpOf(alarms: Alarm[], drained: (events: number) => void = () => {}, changes: Partial<typeof options> = {}) {
  const drain = () => drained(alarms.reduce((events, alarm) => events + alarm.drain(), 0));
  const pump = new Pump(
    alarms.map((alarm) => alarm.source),
    drain,
    { ...options, ...changes },
  );
  pumps.push(pump);
  pump.start();
  return pump;
}

afterEach(() => {
  for (const pump of pumps.splice(0)) pump.stop();
});

describe("events", () => {
  it("delivers each event once", async () => {
    const alarm = new Alarm();
    let events = 0;
    pumpOf([alarm], (count) => {
      events += count;
    });
    for (let i = 0; i < 10_000; i++) await alarm.request();
    expect(events).toBe(10_000);
  });

  it("serves all sources of one pump and two pumps of one process", async () => {
    const [first, second, third] = [new Alarm(), new Alarm({ watchable: false }), new Alarm()];
    pumpOf([first, second]);
    pumpOf([third]);
    for (let i = 0; i < 100; i++)
      await Promise.all([first.request(), second.request(), third.request(i % 10 === 0 ? 500 : 0)]);
  });

  it("runs a chain of continuations 1000 deep between two polls", async () => {
    const alarm = new Alarm();
    const pump = pumpOf([alarm]);
    const nested = async (depth: number): Promise<void> => (depth === 0 ? alarm.request() : await nested(depth - 1));
    await alarm.request();
    const before = pump.stats[STAT.batches] + pump.stats[STAT.emptyPolls];
    await nested(1000);
    expect(pump.stats[STAT.batches] + pump.stats[STAT.emptyPolls] - before).toBe(1);
  });
});

describe("order inside a slice", () => {
  it("runs microtasks before the next poll, ticks and immediates at the end of the slice at the latest", async () => {
    const alarm = new Alarm();
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      let drains = 0;
      pumpOf(
        [alarm],
        () => {
          seen.push(`drain ${++drains}`);
          if (drains > 1) return;
          setImmediate(() => {
            seen.push("immediate");
            resolve();
          });
          process.nextTick(() => seen.push("tick"));
          queueMicrotask(() => seen.push(`microtask after ${alarm.words[WORD.commandsTaken]} commands`));
          alarm.request();
        },
        { sliceUs: 20_000, spinUs: 100_000 },
      );
      alarm.request();
    });
    expect(seen).toEqual(["drain 1", "microtask after 1 commands", "drain 2", "tick", "immediate"]);
  });

  it("lets timers, immediates and sockets run while every poll has events", async () => {
    const alarm = new Alarm();
    const server = createServer((_, response) => response.end("served")).listen(0, "127.0.0.1");
    const saturate = () => void alarm.request();
    const pump = pumpOf([alarm], saturate);
    saturate();
    await immediate();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await answer.text()).toBe("served");
    await sleep(200);
    clearInterval(timer);
    // 40 on a quiet machine, 0 when polling starves libuv.
    expect(ticks).toBeGreaterThan(5);
    expect(pump.stats[STAT.sleeps]).toBe(0);
    expect(pump.stats[STAT.batches]).toBeGreaterThan(1000);
    server.close();
  });
});

describe("sleep", () => {
  it("is ended by a source's file descriptor", async () => {
    const alarm = new Alarm();
    const pump = pumpOf([alarm], undefined, { spinUs: 0, yieldUs: 0 });
    const started = performance.now();
    await alarm.request(100_000);
    expect(performance.now() - started).toBeGreaterThan(99);
    expect(pump.stats[STAT.sleeps]).toBeGreaterThan(0);
    expect(pump.stats[STAT.wakes]).toBe(1);
    expect(pump.stats[STAT.nsAsleep]).toBeGreaterThan(50e6);
    expect(alarm.words[WORD.armed]).toBe(pump.stats[STAT.sleeps]);
    expect(alarm.words[WORD.woken]).toBe(alarm.words[WORD.armed]);
  });

  it.each(["a timer", "an immediate", "poke"])("is ended by commands from %s", async (from) => {
    const alarm = new Alarm();
    const pump = pumpOf([alarm]);
    await sleep(20);
    const sleeps = pump.stats[STAT.sleeps];
    expect(sleeps).toBeGreaterThan(0);
    if (from === "an immediate") await immediate();
    const answer = alarm.request();
    if (from === "poke") pump.poke();
    await answer;
    expect(pump.stats[STAT.wakes]).toBe(0);
  });

  it("lasts at most about 1 ms when a source has no file descriptor", async () => {
    const alarm = new Alarm({ watchable: false });
    const pump = pumpOf([alarm]);
    await sleep(10);
    const before = pump.stats[STAT.sleeps];
    await sleep(100);
    expect(pump.stats[STAT.sleeps] - before).toBeGreaterThan(20);
    expect(alarm.words[WORD.armed]).toBe(0);
    await alarm.request(5000);
  });

  it("comes after spinning and yielding, and tune() changes that at run time", async () => {
    const alarm = new Alarm();
    const pump = pumpOf([alarm], undefined, { spinUs: 1e6, yieldUs: 0 });
    await sleep(20);
    expect(pump.stats[STAT.sleeps]).toBe(0);
    expect(pump.stats[STAT.yields]).toBe(0);
    pump.tune({ ...options, spinUs: 0, yieldUs: 1e6 });
    await sleep(20);
    expect(pump.stats[STAT.sleeps]).toBe(0);
    expect(pump.stats[STAT.yields]).toBeGreaterThan(0);
    pump.tune({ ...options, spinUs: 0, yieldUs: 0 });
    await sleep(20);
    expect(pump.stats[STAT.sleeps]).toBeGreaterThan(0);
  });
});

describe("start and stop", () => {
  it("stops inside a drain, keeps what is queued, and starts again", async () => {
    const alarm = new Alarm();
    let drains = 0;
    const pump: Pump = pumpOf([alarm], () => {
      drains++;
      void alarm.request();
      pump.stop();
    });
    void alarm.request();
    await sleep(10);
    expect(drains).toBe(1);
    pump.start();
    pump.start();
    await sleep(10);
    expect(drains).toBe(2);
  });

  it("counts the time of each part", async () => {
    const alarm = new Alarm();
    const pump = pumpOf(
      [alarm],
      () => {
        const end = performance.now() + 5;
        while (performance.now() < end);
      },
      { spinUs: 0, yieldUs: 0 },
    );
    for (let i = 0; i < 10; i++) await alarm.request(10_000);
    await immediate();
    pump.stop();
    expect(pump.stats[STAT.batches]).toBe(10);
    expect(pump.stats[STAT.nsInDrain]).toBeGreaterThan(49e6);
    expect(pump.stats[STAT.nsAsleep]).toBeGreaterThan(50e6);
    expect(pump.stats[STAT.nsInNative] + pump.stats[STAT.nsWaiting]).toBeGreaterThan(0);
  });
});

describe("whole processes", () => {
  const run = (name: string, stdio: StdioOptions = "pipe") =>
    execFileSync(process.execPath, ["--expose-gc", fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url))], {
      encoding: "utf8",
      timeout: 20_000,
      stdio,
    }).trim();

  it("costs under 0.5 % CPU while idle, with a timer every 100 ms", () => {
    const { cpuFraction, slices } = JSON.parse(run("idle"));
    expect(cpuFraction).toBeLessThan(0.005);
    expect(slices).toBe(0);
  });

  it("serves timers, signals, stdin, child exits and threads soon while a source is saturated", () => {
    const folder = mkdtempSync("/dev/shm/event-pump-");
    try {
      execFileSync("mkfifo", [`${folder}/stdin`]);
      const fifo = openSync(`${folder}/stdin`, "r+");
      const { drains, threadPool, sleeps } = JSON.parse(run("saturated", [fifo, "pipe", "inherit", fifo]));
      closeSync(fifo);
      // What happens in a slice is served in the turn of libuv that follows it, and 50 us have room for some hundred
      // drains. A slower machine has fewer of them in a slice.
      expect(Object.keys(drains)).toEqual(["timer", "signal", "stdin", "childExit"]);
      for (const [work, count] of Object.entries(drains)) expect(count, work).toBeLessThan(5000);
      expect(drains.signal).toBeGreaterThan(0);
      expect(drains.stdin).toBeGreaterThan(0);
      expect(threadPool).toBe(true);
      expect(sleeps).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("ends when the pump is stopped, also while asleep, and unref() lets it end without", () => {
    expect(run("exit")).toBe("stopped, then unreferenced");
  });

  it("surfaces an exception of drain as uncaughtException, stops, and can be started again", () => {
    expect(run("throw")).toBe("uncaught: from drain; batches 1; after start: batches 2; from a tick: batches 3");
  });

  it("drains microtasks and ticks without V8's checkpoint", () => {
    expect(run("ticks")).toBe("1000 deep in 1 batch, tick before the next poll");
  });

  it("frees pumps that are out of reach, and ends cleanly with one running", () => {
    expect(run("collect")).toBe("collected");
  });
});

describe("contract", () => {
  it("refuses what is no source, no option and no function", () => {
    const { source } = new Alarm();
    const make = (sources: unknown, given: unknown = options, drain: unknown = () => {}) =>
      new Pump(sources as object[], drain as () => void, given as typeof options);
    expect(() => make([])).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => make([{}])).toThrow(/sources\[0\] is not a poll source/);
    expect(() => make([source, make([source])])).toThrow(/sources\[1\] is not a poll source/);
    expect(() => make([source], undefined, "drain")).toThrow(TypeError);
    expect(() => make([source], 7)).toThrow(/options must be an object/);
    expect(() => make([source], { ...options, sliceUs: 0 })).toThrow(/options.sliceUs/);
    expect(() => make([source], { ...options, spinUs: -1 })).toThrow(RangeError);
    expect(() => make([source], { ...options, yieldUs: "1" })).toThrow(/options.yieldUs must be a number/);
    expect(() => make([new Alarm({ abi: 99 }).source])).toThrow(expect.objectContaining({ code: "ERR_PUMP_ABI" }));
  });

  it("leaves the options as they were when tune() throws", () => {
    const pump = pumpOf([new Alarm()]);
    expect(() => pump.tune({ ...options, yieldUs: 0.5 })).toThrow(RangeError);
    expect(() => pump.tune({ sliceUs: 50, spinUs: 50 } as typeof options)).toThrow(TypeError);
  });

  it("exports what index.d.ts declares, and counts what pump.h counts", () => {
    const declared = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
    const names = [...declared.matchAll(/^export declare (?:class|const|function) (\w+)/gm)].map((match) => match[1]);
    expect(Object.keys(eventPump).sort()).toEqual(names.sort());
    const members = [...declared.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map((match) => match[1]);
    const methods = Object.getOwnPropertyNames(Pump.prototype);
    expect(methods.filter((method) => !members.includes(method))).toEqual([]);
    const header = readFileSync(new URL("../src/pump.h", import.meta.url), "utf8");
    const counted = [...header.matchAll(/^\tSTAT_(\w+),/gm)].map((match) => match[1].replaceAll("_", "").toLowerCase());
    expect([...Object.keys(STAT).map((name) => name.toLowerCase()), "count"]).toEqual(counted);
  });
});
