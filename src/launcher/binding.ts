import { bindCpu, bindMemory, boundCpus, lastCpu, memoryNodes } from "node-hwloc";
import { showCpus } from "../rankmap/cpu-list.ts";
import type { RankPlace, Whereabouts } from "../rankmap/facts.ts";

const pageBytes = 4096;

/**
 * Binds this process and its memory as the map says. A kernel that refuses is no reason not to run.
 * @returns What it refused, one sentence each.
 */
export function bindToPlace({ cpus, numaNode }: RankPlace): string[] {
  const refusals = [refusal(`bind to CPUs ${showCpus(cpus)}`, () => bindCpu([...cpus]))];
  if (numaNode >= 0) refusals.push(refusal(`bind memory to NUMA node ${numaNode}`, () => bindMemory([numaNode])));
  return refusals.filter((text) => text !== undefined);
}

/**
 * Looks where this process runs and where its arena lies. Touches each page of the arena, which it leaves zeroed: a
 * page has no place before, and the first operations need not wait for them. Blocks for about a second per 4 GiB.
 * @param arena Not used for anything yet.
 * @param refusals Of `bindToPlace`; empty if the ranks are not bound.
 */
export function lookAround(place: RankPlace, arena: Uint8Array, refusals: readonly string[]): Whereabouts {
  for (let offset = 0; offset < arena.length; offset += pageBytes) arena[offset] = 0;
  const remarks = [...refusals];
  const cpus = boundCpus();
  const here = lastCpu();
  if (!place.cpus.includes(here)) remarks.push(`runs on CPU ${here} instead of ${showCpus(place.cpus)}`);
  let nodes = new Map<number, number>();
  const unseen = refusal("see where memory lies", () => {
    nodes = memoryNodes(arena);
  });
  if (unseen !== undefined) remarks.push(unseen);
  const local = localShare(nodes, place.numaNode);
  if (local !== undefined && local < 1) {
    remarks.push(`${Math.round(100 * (1 - local))} % of its arena is not on NUMA node ${place.numaNode}`);
  }
  return { cpus: showCpus(cpus), arenaBytes: [...nodes], localShare: local ?? null, remarks };
}

function localShare(nodes: ReadonlyMap<number, number>, numaNode: number): number | undefined {
  const total = [...nodes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return numaNode < 0 || total === 0 ? undefined : (nodes.get(numaNode) ?? 0) / total;
}

function refusal(what: string, run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_HWLOC") throw error;
    return `the kernel refused to ${what}: ${(error as Error).message}`;
  }
}

/** Ranks named in what the lead says about many. */
const ranksNamed = 3;

/** What all ranks found that is not as the map says, each thing once, with the ranks that it concerns. */
export function describeDeviations(places: readonly RankPlace[], found: readonly Whereabouts[]): string[] {
  const ranks = new Map<string, number[]>();
  for (const [rank, { remarks }] of found.entries()) {
    for (const remark of remarks) ranks.set(remark, [...(ranks.get(remark) ?? []), rank]);
  }
  return [...ranks].map(([remark, list]) => {
    const named = list.slice(0, ranksNamed).map((rank) => `${rank} (${places[rank]!.host})`);
    const more = list.length > ranksNamed ? ` and ${list.length - ranksNamed} more` : "";
    return `rank${list.length === 1 ? "" : "s"} ${named.join(", ")}${more}: ${remark}`;
  });
}
