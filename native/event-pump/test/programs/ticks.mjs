// The loop for a Node whose V8 does not export its checkpoint: the same addon, told that it cannot.
import { createRequire } from "node:module";
import { STAT } from "../../index.js";
import { definePump } from "../../pump.js";
import { Alarm } from "../alarm-source/index.js";

const addon = createRequire(import.meta.url)("../../build/event_pump.node");
const Pump = definePump({ ...addon, canRunMicrotasks: false });
const alarm = new Alarm();
const pump = new Pump([alarm.source], alarm.drain, { sliceUs: 1000, spinUs: 1e6, yieldUs: 0 });
pump.start();
const polls = () => pump.stats[STAT.batches] + pump.stats[STAT.emptyPolls];
const nested = async (depth) => (depth === 0 ? alarm.request() : await nested(depth - 1));
await alarm.request();
const before = polls();
await nested(1000);
const batches = polls() - before;
let after;
process.nextTick(() => {
  after = polls() - before;
});
await alarm.request();
console.log(`1000 deep in ${batches} batch, tick ${after === batches ? "before" : "after"} the next poll`);
pump.stop();
