import { showCpus } from "../src/rankmap/cpu-list.ts";
import type { CoreFacts, HostFacts, JobFacts, RankFacts } from "../src/rankmap/facts.ts";

/** A machine for tests. */
export interface Machine {
  readonly nodes?: number;
  readonly coresPerNode?: number;
  readonly threads?: number;
  /** CPUs that all ranks may use; all of the machine if absent. */
  readonly allowedCpus?: readonly number[];
  readonly storagePaths?: HostFacts["storagePaths"];
  readonly nics?: HostFacts["nics"];
}

/** The cores of a machine; the threads of a core are half of the machine apart, as on x86. */
export function coresOf({ nodes = 1, coresPerNode = 4, threads = 1 }: Machine): CoreFacts[] {
  const count = nodes * coresPerNode;
  return Array.from({ length: count }, (_, core) => ({
    pus: Array.from({ length: threads }, (_, thread) => core + thread * count),
    numaNode: Math.floor(core / coresPerNode),
  }));
}

/** A job of `ranks` ranks on one machine. */
export function host(name: string, ranks: number, firstRank = 0, machine: Machine = {}): JobFacts {
  const cores = coresOf(machine);
  const allowedCpus = showCpus(machine.allowedCpus ?? cores.flatMap(({ pus }) => pus).sort((a, b) => a - b));
  const storagePaths = machine.storagePaths ?? [{ path: "/scratch", numaNode: -1 }];
  return {
    ranks: Array.from({ length: ranks }, (_, i) => {
      return { rank: firstRank + i, host: name, memoryDomain: `boot-${name}`, allowedCpus };
    }),
    hosts: [{ host: name, cores, storagePaths, nics: machine.nics ?? [] }],
  };
}

/** Several hosts in one job. */
export function jobOf(...parts: readonly JobFacts[]): JobFacts {
  return { ranks: parts.flatMap(({ ranks }) => ranks), hosts: parts.flatMap(({ hosts }) => hosts) };
}

/** The same job with other facts of its ranks. */
export function changeRanks(job: JobFacts, change: (rank: RankFacts, i: number) => Partial<RankFacts>): JobFacts {
  return { ...job, ranks: job.ranks.map((rank, i) => ({ ...rank, ...change(rank, i) })) };
}
