// Pumps that nobody holds are closed and freed, and so are their sources; one that runs is not.
import { setTimeout as sleep } from "node:timers/promises";
import { Pump } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const options = { sliceUs: 50, spinUs: 0, yieldUs: 0 };
let collected = 0;
const registry = new FinalizationRegistry(() => collected++);

function make(run) {
  const alarm = new Alarm();
  const pump = new Pump([alarm.source], alarm.drain, options);
  if (run) pump.start();
  registry.register(alarm.source, 0);
}

for (let i = 0; i < 100; i++) make(false);
make(true);
for (let turn = 0; turn < 100 && collected < 100; turn++) {
  globalThis.gc();
  await sleep(5);
}
globalThis.gc();
await sleep(50);
console.log(collected === 100 ? "collected" : `collected ${collected} of 100, and none of the one that runs`);
process.exit();
