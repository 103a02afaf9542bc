// Prints, then must end by itself: first a stopped pump, then a running one that is not referenced.
import { Pump, STAT } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const alarm = new Alarm();
const pump = new Pump([alarm.source], alarm.drain, { sliceUs: 50, spinUs: 20, yieldUs: 0 });
pump.start();
await alarm.request(3000);
setTimeout(() => {
  if (pump.stats[STAT.sleeps] < 2) throw new Error("never slept again");
  pump.stop();
  process.stdout.write("stopped, ");
}, 20);
process.once("beforeExit", () => {
  pump.start();
  pump.unref();
  console.log("then unreferenced");
});
