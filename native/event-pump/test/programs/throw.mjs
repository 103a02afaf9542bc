// An exception of drain stops the pump and is an uncaughtException; one of a tick inside the pump does not stop it.
import { setTimeout as sleep } from "node:timers/promises";
import { Pump, STAT } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error.message));
const alarm = new Alarm();
let throws = true;
const drain = () => {
  if (throws) throw new Error("from drain");
  alarm.drain();
};
const pump = new Pump([alarm.source], drain, { sliceUs: 50, spinUs: 50, yieldUs: 0 });
pump.start();
const answer = alarm.request();
await sleep(20);
const parts = [`uncaught: ${uncaught.join()}; batches ${pump.stats[STAT.batches]}`];
throws = false;
pump.start();
await answer;
parts.push(`after start: batches ${pump.stats[STAT.batches]}`);
process.nextTick(() => {
  throw new Error("from tick");
});
await alarm.request(1000);
parts.push(`from a tick: batches ${pump.stats[STAT.batches]}`);
console.log(parts.join("; "));
pump.stop();
if (uncaught.join() !== "from drain,from tick") throw new Error(uncaught.join());
