#!/bin/bash
# BenchFS as a Slurm job. Submit it from the checkout, after `npm run setup` there:
#   sbatch -N 2 --ntasks-per-node=64 jobs/slurm.sh ior -w -r -t 4m -b 1g -F
# Options before the script are sbatch's and win over the lines below. What follows it goes to `node . run`: run options
# (`node . run --help`), then a workload. BENCHFS_STORAGE=/nvme/$USER and the like in the environment do as well.
#SBATCH --job-name=benchfs
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=4
#SBATCH --exclusive
#SBATCH --time=00:30:00
#SBATCH --output=benchfs-%j.log
# A minute before the time is up mpirun passes SIGUSR2 on to the ranks: they end the run, keep its results, clean up.
# To stop a job in the same way: scancel --batch --signal=USR2 JOBID
#SBATCH --signal=B:USR2@60
# A node that fails ends the job; Slurm must not start the measurement again unasked.
#SBATCH --no-requeue
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:?not in a Slurm job: use sbatch}"

# What your site calls them: module load nodejs openmpi ucx hwloc

# exec: signals for the script reach mpirun. After SIGTERM it kills the ranks within two seconds, after SIGUSR2 never.
# BenchFS binds its ranks itself. Where there is no mpirun: exec srun --mpi=pmix --cpu-bind=none node . run "$@"
exec mpirun --bind-to none node . run "$@"
