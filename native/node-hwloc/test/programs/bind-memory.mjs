// Binds the memory of a process, and prints its policy and where new memory lies.
import { readFileSync } from "node:fs";
import * as hwloc from "../../index.js";

const node = Number(process.argv[2]);
hwloc.bindMemory([node]);
const memory = new Uint8Array(8 << 20).fill(1);
const policies = new Set(readFileSync("/proc/self/numa_maps", "utf8").match(/(?<=^\S+ )\S+/gm));
console.log(JSON.stringify({ policies: [...policies], where: [...hwloc.memoryNodes(memory)] }));
