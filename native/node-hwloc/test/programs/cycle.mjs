// cycle.mjs OPERATIONS: topologies of every source, and bindings to what the process has anyway.
import { printGrowth } from "../../../addon-kit/test/growth.mjs";
import { bindCpu, boundCpus, lastCpu, memoryNodes, topology } from "../../index.js";

const cpus = boundCpus();
const buffer = new Uint8Array(100_000).fill(1);

function cycle(number) {
  // A topology of this machine reads hundreds of files.
  if (number % 100 === 0) topology();
  topology({ synthetic: "pack:2 numa:1 core:2 pu:2" });
  bindCpu(cpus);
  boundCpus();
  lastCpu();
  memoryNodes(buffer);
  try {
    topology({ synthetic: "nothing" });
  } catch {}
}

await printGrowth(Number(process.argv[2]), 6, cycle);
