import { fileURLToPath } from "node:url";
import { BenchError, failures } from "../core/errors.ts";
import { type LaunchedRank, launchedRank } from "./launched-rank.ts";

/** Ranks of a job that nobody asked for more: two servers and two clients. */
export const defaultRanks = 4;

/** A command that is many processes: under mpirun or srun each is a rank, otherwise the first one starts them. */
export interface JobCommandSteps {
  help(): Promise<string>;
  asRank(launched: LaunchedRank): Promise<number>;
  asLauncher(): Promise<number>;
}

/** @returns Exit status; what is wrong has been printed, by one rank for all. */
export async function runJobCommand(argv: readonly string[], steps: JobCommandSteps): Promise<number> {
  let launched: LaunchedRank | undefined;
  try {
    launched = launchedRank(process.env);
    if (argv.includes("--help") || argv.includes("-h")) {
      const text = await steps.help();
      if ((launched?.rank ?? 0) === 0) console.log(text);
      return 0;
    }
    return launched === undefined ? await steps.asLauncher() : await steps.asRank(launched);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    if ((launched?.rank ?? error.where.rank ?? 0) === 0) console.error(`benchfs: ${error.message}`);
    return failures[error.code].exit;
  }
}

/** Starts `ranks` ranks of a command with mpirun. @returns The exit status of the job. */
export async function startRanks(command: string, argv: readonly string[], ranks: number): Promise<number> {
  const { findLauncher, launch } = await import("./mpirun.ts");
  const program = [process.execPath, ...process.execArgv, fileURLToPath(new URL("./main.js", import.meta.url))];
  return launch(findLauncher(process.env), ranks, [...program, command, ...argv], process.env);
}
