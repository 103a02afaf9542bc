import { defaultRanks, runJobCommand, startRanks } from "./job-command.ts";

/**
 * `node . run`: under mpirun or srun the supervisor of one rank, otherwise what starts them.
 * @returns Exit status.
 */
export function run(argv: readonly string[]): Promise<number> {
  return runJobCommand(argv, {
    help: async () => (await import("./help.ts")).helpFor(argv),
    asRank: async ({ rank }) => (await import("./supervisor.ts")).supervise(rank, argv),
    // Checks everything that can be checked here, so that a wrong word costs no job.
    asLauncher: async () => {
      const [{ makeConfig }, { workloads }] = await Promise.all([
        import("./config.ts"),
        import("../workload/registry.ts"),
      ]);
      const { ranks } = makeConfig({ argv, environment: process.env, workloads });
      return startRanks("run", argv, ranks ?? defaultRanks);
    },
  });
}
