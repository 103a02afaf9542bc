// One source has events in every poll. How many drains pass between the cause of other work of libuv and its callback?
// The reader of stdin's FIFO is this process, and so is the writer (descriptor 3), so that it knows when the cause was.
import { spawn } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Pump, STAT } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const alarm = new Alarm();
/** What drain does besides keeping the source saturated. */
let inDrain = () => {};
const pump = new Pump(
  [alarm.source],
  () => {
    alarm.drain();
    void alarm.request();
    inDrain();
  },
  { sliceUs: 50, spinUs: 50, yieldUs: 0 },
);
pump.start();
void alarm.request();

/** Drains from the first in which `cause()` was true until `served` resolves; 0 if it was served before any saw it. */
async function drainsUntil(cause, served) {
  let drains = 0;
  inDrain = () => {
    if (drains > 0 || cause()) drains++;
  };
  await served;
  inDrain = () => {};
  return drains;
}

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
const does = (action) => () => {
  action();
  return true;
};

function timer() {
  const due = performance.now() + 5;
  return drainsUntil(() => performance.now() > due, new Promise((resolve) => setTimeout(resolve, 5)));
}

function signal() {
  return drainsUntil(
    does(() => process.kill(process.pid, "SIGUSR2")),
    once(process, "SIGUSR2"),
  );
}

function stdin() {
  return drainsUntil(
    does(() => writeSync(3, "typed\n")),
    once(process.stdin, "data"),
  );
}

function childExit() {
  const child = spawn("true", { stdio: "ignore" });
  const isZombie = () => {
    try {
      return / Z /.test(readFileSync(`/proc/${child.pid}/stat`, "latin1"));
    } catch {
      return false; // libuv has reaped it
    }
  };
  return drainsUntil(isZombie, once(child, "exit"));
}

const drains = {};
for (const work of [timer, signal, stdin, childExit]) drains[work.name] = await work();
// Work of libuv's threads has no cause that could be seen from here; it ends, that is all.
const { size } = await stat(process.execPath);
console.log(JSON.stringify({ drains, threadPool: size > 0, sleeps: pump.stats[STAT.sleeps] }));
process.exit();
