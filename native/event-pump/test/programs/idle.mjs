// What a sleeping pump costs, in a process that does nothing else.
import { setTimeout as sleep } from "node:timers/promises";
import { Pump, STAT } from "../../index.js";
import { Alarm } from "../alarm-source/index.js";

const alarm = new Alarm();
const pump = new Pump([alarm.source], alarm.drain, { sliceUs: 50, spinUs: 50, yieldUs: 100 });
pump.start();
await alarm.request(1000);
setInterval(() => {}, 100).unref();
await sleep(300); // the compiler's threads have work after the start
const slices = pump.stats[STAT.slices];
const cpu = process.cpuUsage();
const started = performance.now();
await sleep(2000);
const { user, system } = process.cpuUsage(cpu);
const cpuFraction = (user + system) / 1000 / (performance.now() - started);
console.log(JSON.stringify({ cpuFraction, slices: pump.stats[STAT.slices] - slices }));
pump.stop();
