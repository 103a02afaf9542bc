import { describe, expect, it } from "vitest";
import { launchedRank } from "./launched-rank.ts";

describe("launchedRank", () => {
  it.each([
    ["no launcher", {}, undefined],
    ["a batch script, before mpirun", { SLURM_PROCID: "0", SLURM_NTASKS: "4" }, undefined],
    ["mpirun of Open MPI", { OMPI_COMM_WORLD_RANK: "3", OMPI_COMM_WORLD_SIZE: "4" }, { rank: 3, ranks: 4 }],
    [
      "mpirun of Open MPI within a Slurm job",
      {
        OMPI_COMM_WORLD_RANK: "3",
        OMPI_COMM_WORLD_SIZE: "4",
        PMIX_RANK: "3",
        SLURM_PROCID: "0",
        SLURM_STEP_NUM_TASKS: "1",
      },
      { rank: 3, ranks: 4 },
    ],
    ["mpirun of MPICH", { PMI_RANK: "2", PMI_SIZE: "3" }, { rank: 2, ranks: 3 }],
    [
      "srun --mpi=pmix",
      { PMIX_RANK: "1", SLURM_PROCID: "1", SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "2" },
      { rank: 1, ranks: 2 },
    ],
    [
      "a shell of srun --pty",
      { PMIX_RANK: "0", SLURM_PROCID: "0", SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "1" },
      undefined,
    ],
  ])("knows %s", (_name, environment, expected) => {
    expect(launchedRank(environment)).toEqual(expected);
  });

  it("refuses processes of srun that no MPI connects", () => {
    const environment = { SLURM_PROCID: "1", SLURM_STEP_ID: "0", SLURM_STEP_NUM_TASKS: "2" };
    expect(() => launchedRank(environment)).toThrow(/srun started 2 processes without MPI.*--mpi=pmix/);
  });
});
