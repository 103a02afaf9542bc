/** The batch job that this process belongs to, as its scheduler names it; empty outside of one. */
export function schedulerJobId(environment: Readonly<Record<string, string | undefined>>): string {
  return environment.SLURM_JOB_ID ?? environment.PBS_JOBID ?? "";
}
