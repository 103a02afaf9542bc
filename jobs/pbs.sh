#!/bin/bash
# BenchFS as a PBS job. Submit it from the checkout, after `npm run setup` there:
#   qsub -l select=2:ncpus=64:mpiprocs=64 -v BENCHFS_CONFIG=job.toml jobs/pbs.sh
# PBS gives a script no arguments, but these forms do, to `node . run` (options: `node . run --help`):
#   OpenPBS: qsub -l select=2:ncpus=64:mpiprocs=64 -l walltime=0:30:0 -- $PWD/jobs/pbs.sh ior -w -r -t 4m -b 1g -F
#   Torque:  qsub -l nodes=2:ppn=64 -F "ior -w -r -t 4m -b 1g -F" jobs/pbs.sh
# Run options can be variables, too: qsub -v BENCHFS_STORAGE=/nvme/me,BENCHFS_CONFIG=job.toml jobs/pbs.sh
#PBS -N benchfs
#PBS -l select=1:ncpus=4:mpiprocs=4
#PBS -l walltime=00:30:00
#PBS -j oe
#PBS -r n
set -euo pipefail
cd "${PBS_O_WORKDIR:?not in a PBS job: use qsub}"

# What your site calls them: module load nodejs openmpi ucx hwloc

# One line per rank in the node file is one slot for mpirun. Other hosts are reached by ssh, which takes no variables
# along, so the paths that modules set are named. BenchFS binds its ranks itself.
exec mpirun --hostfile "${PBS_NODEFILE:?}" -x PATH ${LD_LIBRARY_PATH:+-x LD_LIBRARY_PATH} \
  --bind-to none node . run "$@"
