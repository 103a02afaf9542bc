import type { OptionSpec } from "../core/options.ts";
import type { JobCommand } from "./config.ts";

export const doctorOptions: readonly OptionSpec[] = [
  {
    name: "exclude-slow",
    type: "string",
    about: "Write the hosts that are neither slow nor failed to this file, one a line, for mpirun --hostfile.",
    group: "Doctor",
  },
];

export const doctorCommand: JobCommand = {
  info: {
    command: "doctor",
    usage: "[mpirun -n RANKS] node . doctor [options] [run options] [workload] [workload options]",
    examples: [
      "mpirun -n 64 node . doctor --storage /nvme0 ior -w -F -t 4m -b 4g   could that run start here?",
      "mpirun -n 64 node . doctor --storage /nvme0 --exclude-slow hosts     and without slow nodes?",
      "node . doctor                                                        this host",
    ],
  },
  options: doctorOptions,
};

export const doctorAbout =
  "Examines every node of the job for a run with the same options: versions, limits, io_uring, storage paths and space, " +
  "memory, clocks, and short measurements of devices and network on all nodes at once. Takes every option of run. " +
  "Exit status 0 if nothing failed, 3 otherwise.";
