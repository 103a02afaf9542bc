import { helpText } from "../core/describe-options.ts";
import { doctorAbout, doctorCommand, doctorOptions } from "./doctor-options.ts";
import { defaultRanks, runJobCommand, startRanks } from "./job-command.ts";

/**
 * `node . doctor`: whether, and how well, a run with the same options would work on the nodes of this job.
 * @returns Exit status.
 */
export function doctor(argv: readonly string[]): Promise<number> {
  return runJobCommand(argv, {
    help: async () => helpText(doctorCommand.info, doctorAbout, doctorOptions),
    asRank: async () => (await import("./doctor-rank.ts")).examine(argv),
    asLauncher: async () => {
      const [{ makeConfig }, { workloads }] = await Promise.all([
        import("./config.ts"),
        import("../workload/registry.ts"),
      ]);
      const { ranks } = makeConfig({ argv, environment: process.env, workloads, command: doctorCommand });
      return startRanks("doctor", argv, ranks ?? defaultRanks);
    },
  });
}
