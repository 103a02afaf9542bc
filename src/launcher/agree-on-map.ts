import { BenchError } from "../core/errors.ts";
import type { JobFacts, RankMap } from "../rankmap/facts.ts";
import { localHostFacts, localRankFacts } from "../rankmap/gather-facts.ts";
import { buildRankMap, hashRankMap } from "../rankmap/map.ts";
import { buildHash } from "./build-hash.ts";
import type { RunConfig } from "./config.ts";
import { exchange } from "./mpi.ts";

/** What all ranks of a job know of each other once they have looked around. */
export interface AgreedMap {
  readonly map: RankMap;
  readonly mapHash: string;
  readonly build: string;
}

/**
 * Gathers the facts of all ranks over MPI, and makes the rank map of them. Collective; blocks.
 * @throws BenchError On every rank: they run different builds, or the policy does not fit them.
 */
export function agreeOnMap(rank: number, config: RunConfig): AgreedMap {
  const build = buildHash();
  const ranks = exchange(() => ({ ...localRankFacts(rank), build }));
  const other = ranks.findIndex((facts) => facts.build !== build);
  if (other >= 0) {
    throw new BenchError(
      "ERR_ENVIRONMENT",
      `rank ${rank} on ${ranks[rank]!.host} runs build ${build}, rank ${other} on ${ranks[other]!.host} build ` +
        `${ranks[other]!.build}: give all nodes the same checkout, built once`,
    );
  }
  // One rank speaks for a host: its topology is some kilobytes, which would add up with a hundred ranks on it.
  const first = ranks.find(({ host }) => host === ranks[rank]!.host)!.rank;
  const hosts = exchange(() => (rank === first ? localHostFacts(config.storagePaths) : null));
  const facts: JobFacts = { ranks, hosts: hosts.filter((host) => host !== null) };
  const map = buildRankMap(facts, config);
  const mapHash = hashRankMap(map);
  const differs = exchange(() => mapHash).findIndex((hash) => hash !== mapHash);
  if (differs < 0) return { map, mapHash, build };
  throw new BenchError("ERR_BUG", `rank ${rank} made rank map ${mapHash}, rank ${differs} another one`);
}
