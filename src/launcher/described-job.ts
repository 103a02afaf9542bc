import { BenchError } from "../core/errors.ts";
import type { JobFacts, RankFacts } from "../rankmap/facts.ts";
import { describedHost } from "../rankmap/gather-facts.ts";

/** A job that need not exist: equal hosts, ranks in blocks. */
export interface DescribedJob {
  readonly facts: JobFacts;
  /** Of each host. */
  readonly memoryBytes: number;
}

/**
 * The facts that a job on `hosts` equal hosts would gather if the launcher bound nobody. Where ranks do not divide
 * evenly, the first hosts have one more.
 * @param topology As `describedHost` takes it.
 * @param ranks Undefined: one for each core.
 * @throws BenchError ERR_CONFIG: hwloc cannot read the topology, or there are fewer ranks than hosts.
 */
export function describeJob(
  hosts: number,
  topology: string | undefined,
  ranks: number | undefined,
  storagePaths: readonly string[],
): DescribedJob {
  const { facts, allowedCpus, memoryBytes } = readHost(topology, storagePaths);
  const total = ranks ?? hosts * facts.cores.length;
  if (total < hosts) throw new BenchError("ERR_CONFIG", `--ranks ${total} on --hosts ${hosts}: some have no rank`);
  const rankFacts: RankFacts[] = [];
  const names = Array.from({ length: hosts }, (_, i) => `node${i + 1}`);
  for (const [h, host] of names.entries()) {
    const count = Math.floor(total / hosts) + (h < total % hosts ? 1 : 0);
    for (let i = 0; i < count; i++) {
      rankFacts.push({ rank: rankFacts.length, host, memoryDomain: host, allowedCpus });
    }
  }
  return { facts: { ranks: rankFacts, hosts: names.map((host) => ({ ...facts, host })) }, memoryBytes };
}

function readHost(topology: string | undefined, storagePaths: readonly string[]): ReturnType<typeof describedHost> {
  try {
    return describedHost(topology, storagePaths);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_HWLOC") throw error;
    const message = `--topology: hwloc cannot read "${topology}" (${(error as Error).message}): give a file of lstopo, or "pack:2 numa:4 core:12 pu:2"`;
    throw new BenchError("ERR_CONFIG", message, { option: "topology" }, { cause: error });
  }
}
