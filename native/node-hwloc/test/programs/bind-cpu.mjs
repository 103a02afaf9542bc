// Binds a process that has helper threads already, and prints the CPUs of all of them, old and new.
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import * as hwloc from "../../index.js";

await readFile("/proc/self/stat"); // libuv starts its threads with the first file operation
const cpu = Number(process.argv[2]);
hwloc.bindCpu([cpu]);
const worker = new Worker("setInterval(() => {}, 1e9)", { eval: true });
await new Promise((resolve) => worker.once("online", resolve));

const affinity = readdirSync("/proc/self/task").map(
  (thread) => /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync(`/proc/self/task/${thread}/status`, "utf8"))[1],
);
console.log(JSON.stringify({ affinity, boundCpus: hwloc.boundCpus(), lastCpu: hwloc.lastCpu() }));
await worker.terminate();
