import { BenchError } from "../core/errors.ts";

/** This process's place in the job, as its launcher tells it before MPI does. */
export interface LaunchedRank {
  readonly rank: number;
  /** Ranks that the launcher started; undefined where it does not tell. */
  readonly ranks: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads what mpirun (Open MPI, MPICH) or srun put into the environment.
 * @returns undefined when no launcher started this process.
 * @throws BenchError ERR_ENVIRONMENT when srun started several processes that no MPI connects.
 */
export function launchedRank(environment: Environment): LaunchedRank | undefined {
  const number = (name: string): number | undefined =>
    /^\d+$/.test(environment[name] ?? "") ? Number(environment[name]) : undefined;
  // Under mpirun inside a Slurm job every rank inherits SLURM_PROCID=0, so MPI's own variables come first.
  const openMpi = number("OMPI_COMM_WORLD_RANK");
  if (openMpi !== undefined) return { rank: openMpi, ranks: number("OMPI_COMM_WORLD_SIZE") };

  const stepTasks = number("SLURM_STEP_NUM_TASKS");
  const rank = number("PMIX_RANK") ?? number("PMI_RANK");
  // A shell of `srun --pty` has a rank too, but nobody started a job with it.
  if (rank !== undefined && stepTasks === 1) return undefined;
  if (rank !== undefined) return { rank, ranks: number("PMI_SIZE") ?? stepTasks };
  if (stepTasks === undefined || stepTasks === 1 || number("SLURM_STEP_ID") === undefined) return undefined;
  throw new BenchError(
    "ERR_ENVIRONMENT",
    `srun started ${stepTasks} processes without MPI between them: use srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH)`,
    { rank: number("SLURM_PROCID") ?? 0 },
  );
}

/** The launcher's name for this job, equal on all of its ranks and fit for a file name; "" where it gives none. */
export function launchedJob(environment: Environment): string {
  return (environment.PMIX_NAMESPACE ?? "").replaceAll(/[^\w.-]/g, "_");
}
