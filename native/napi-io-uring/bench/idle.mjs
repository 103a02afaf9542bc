// What an open ring costs while nothing happens, in a pump that sleeps. node idle.mjs SECONDS: CPU, percent of a core.
import { setTimeout as sleep } from "node:timers/promises";
import { Pump } from "../../event-pump/index.js";
import { allocate, Ring } from "../index.js";

const seconds = Number(process.argv[2]);
const ring = new Ring();
ring.registerBuffers([allocate(1 << 20)]);
const pump = new Pump([ring.source], () => {}, { sliceUs: 50, spinUs: 50, yieldUs: 100 });
pump.start();
await sleep(500); // the compiler's threads have work after the start
const { user: userBefore, system: systemBefore } = process.cpuUsage();
await sleep(seconds * 1000);
const { user, system } = process.cpuUsage();
console.log((user - userBefore + system - systemBefore) / 1e4 / seconds);
pump.stop();
