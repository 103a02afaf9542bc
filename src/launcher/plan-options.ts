import type { OptionSpec } from "../core/options.ts";
import type { JobCommand } from "./config.ts";

export const planOptions: readonly OptionSpec[] = [
  {
    name: "hosts",
    type: "integer",
    min: 1,
    max: 65_536,
    about: "Plan for this many equal hosts that need not exist, instead of the ones that this job has.",
    group: "Plan",
  },
  {
    name: "topology",
    type: "string",
    about:
      "What each of these hosts is made of: a file of lstopo (node.xml), or hwloc's notation " +
      '("pack:2 numa:4 core:12 pu:2"); without it, this machine.',
    group: "Plan",
  },
  {
    name: "print",
    type: "choice",
    choices: ["table", "csv", "json"],
    default: "table",
    about: "For the screen, the rank map alone (a file for --rank-map), or everything.",
    group: "Plan",
  },
];

export const planCommand: JobCommand = {
  info: {
    command: "plan",
    usage: "[mpirun -n RANKS] node . plan [options] [run options] [workload] [workload options]",
    examples: [
      "mpirun -n 64 node . plan ior -w -F -t 4m -b 1g     for the nodes of this allocation",
      'node . plan -n 384 --hosts 4 --topology "pack:2 numa:4 core:12 pu:2" --near nic ior -w -r -t 4m -b 4g',
      "node . plan -n 768 --hosts 16 --topology node.xml --clients-per-server 3",
      "node . plan --print csv > map.csv                 to edit, and give to run --rank-map",
    ],
  },
  options: planOptions,
};

export const planAbout =
  "Shows, and starts nothing: the exact rank map of a run and its hash, the line that starts it, the memory that it " +
  "pins, and how the workload's chunks and names come to lie on the servers. Takes every option of run.";
