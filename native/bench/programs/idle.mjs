// What a process costs that has an open worker, connected to a peer, and an open ring, while nothing happens.
//   node idle.mjs client|server SECONDS     Started as programs/pair.mjs is; the client prints percent of a core.
import { readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Pump } from "../../event-pump/index.js";
import { allocate, Ring } from "../../napi-io-uring/index.js";
import { Worker } from "../../ucx-node/index.js";

const [role, seconds] = process.argv.slice(2);
const worker = new Worker();
const ring = new Ring();
ring.registerBuffers([allocate(1 << 20)]);
console.log(Buffer.from(worker.address).toString("hex"));
const line = Buffer.alloc(65536);
worker.connect(Buffer.from(line.toString("latin1", 0, readSync(0, line)).trim(), "hex"));

const pump = new Pump([worker.source, ring.source], () => {}, { sliceUs: 50, spinUs: 50, yieldUs: 100 });
pump.start();
await sleep(1000); // the compiler's threads have work after the start, and the endpoints connect
const { user: userBefore, system: systemBefore } = process.cpuUsage();
await sleep(seconds * 1000);
const { user, system } = process.cpuUsage();
if (role === "client") console.log((user - userBefore + system - systemBefore) / 1e4 / seconds);
else await sleep(200); // its end would wake the client
pump.stop();
ring.close();
worker.close();
