// cycle.mjs OPERATIONS: events that come at once and late, to a pump that is tuned, stopped and started; now and then
// a new pump.
import { setTimeout as sleep } from "node:timers/promises";
import { printGrowth } from "../../../addon-kit/test/growth.mjs";
import { Pump } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const options = { sliceUs: 50, spinUs: 5, yieldUs: 5 };
const make = () => {
  const alarm = new Alarm();
  return { alarm, pump: new Pump([alarm.source], alarm.drain, options) };
};
const { alarm, pump } = make();
pump.start();

async function cycle(number) {
  await alarm.request(0);
  await alarm.request(20);
  pump.tune(options);
  pump.poke();
  pump.stop();
  pump.start();
  if (number % 1000 === 0) {
    make();
    globalThis.gc?.();
    await sleep(1);
  }
}

await printGrowth(Number(process.argv[2]), 6, cycle);
pump.stop();
