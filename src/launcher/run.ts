import { fileURLToPath } from "node:url";
import { BenchError, failures } from "../core/errors.ts";
import { type LaunchedRank, launchedRank } from "./launched-rank.ts";

/** Ranks of a job that nobody asked for more: two servers and two clients. */
const defaultRanks = 4;

/**
 * `node . run`: under mpirun or srun the supervisor of one rank, otherwise what starts them.
 * @returns Exit status; what is wrong has been printed, by one rank for all.
 */
export async function run(argv: readonly string[]): Promise<number> {
  let launched: LaunchedRank | undefined;
  try {
    launched = launchedRank(process.env);
    if (argv.includes("--help") || argv.includes("-h")) {
      const text = (await import("./help.ts")).helpFor(argv);
      if ((launched?.rank ?? 0) === 0) console.log(text);
      return 0;
    }
    if (launched !== undefined) return await (await import("./supervisor.ts")).supervise(launched.rank, argv);
    return await start(argv);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    if ((launched?.rank ?? error.where.rank ?? 0) === 0) console.error(`benchfs: ${error.message}`);
    return failures[error.code].exit;
  }
}

/** Checks everything that can be checked here, so that a wrong word costs no job, and starts the ranks. */
async function start(argv: readonly string[]): Promise<number> {
  const [{ makeConfig }, { workloads }, { findLauncher, launch }] = await Promise.all([
    import("./config.ts"),
    import("../workload/registry.ts"),
    import("./mpirun.ts"),
  ]);
  const { ranks } = makeConfig({ argv, environment: process.env, workloads });
  const program = [process.execPath, ...process.execArgv, fileURLToPath(new URL("./main.js", import.meta.url))];
  return launch(findLauncher(process.env), ranks ?? defaultRanks, [...program, "run", ...argv], process.env);
}
