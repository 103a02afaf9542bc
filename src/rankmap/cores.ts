import type { RankFacts, Role } from "./facts.ts";

/** A rank of a host that wants a core. */
export interface Applicant {
  readonly facts: RankFacts;
  readonly role: Role;
  /** NUMA node that its storage device is on; -1: none, or not known. */
  readonly nearNode: number;
}

export interface Placement {
  readonly numaNode: number;
  /** Ascending. */
  readonly cpus: readonly number[];
}

/** A core as one rank may use it: those of its processing units that are allowed to the rank. */
interface Core {
  readonly index: number;
  readonly numaNode: number;
  readonly cpus: readonly number[];
}

/**
 * Gives each rank of one host a core of its own, with its sibling hardware threads, or, when they do not suffice,
 * leaves all of them on all CPUs that they may use: a rank that is pinned beside one that roams has half a core.
 * @returns Placements in the order of the applicants, and what is short of if there is too little.
 */
export function placeOnCores(
  applicants: readonly Applicant[],
  bind: "auto" | "none",
): { placements: Placement[]; shortage: string | undefined } {
  // Most ranks of a host may use the same CPUs, so one list serves them all.
  const lists = new Map<string, Core[]>();
  const usable = applicants.map(({ facts }) => {
    const key = facts.allowedCpus.join();
    const list = lists.get(key) ?? usableCores(facts);
    lists.set(key, list);
    return list;
  });
  const cores = new Set([...lists.values()].flat().map(({ index }) => index)).size;
  const enough = applicants.length <= cores;
  const own = enough ? assign(applicants, usable) : undefined;
  const shortage = own !== undefined ? undefined : describeShortage(applicants.length, cores);
  if (own !== undefined && bind === "auto") return { placements: own, shortage };
  return { placements: applicants.map(({ facts }, i) => everywhere(facts, usable[i]!)), shortage };
}

function describeShortage(ranks: number, cores: number): string {
  if (ranks > cores) return `${ranks} ranks on ${cores} ${cores === 1 ? "core" : "cores"}`;
  return `${ranks} ranks on ${cores} cores, but the launcher binds some of them to the same core`;
}

function usableCores({ cores, allowedCpus }: RankFacts): Core[] {
  const allowed = new Set(allowedCpus);
  return cores
    .map(({ numaNode, pus }, index) => ({
      index,
      numaNode,
      cpus: pus.filter((cpu) => allowed.has(cpu)).sort((a, b) => a - b),
    }))
    .filter(({ cpus }) => cpus.length > 0);
}

function everywhere({ allowedCpus }: RankFacts, usable: readonly Core[]): Placement {
  const nodes = new Set(usable.map(({ numaNode }) => numaNode));
  return {
    numaNode: nodes.size === 1 ? usable[0]!.numaNode : -1,
    cpus: allowedCpus.toSorted((a, b) => a - b),
  };
}

/** A core for each rank, or undefined when some rank finds none free. */
function assign(applicants: readonly Applicant[], usable: readonly (readonly Core[])[]): Placement[] | undefined {
  const taken = new Set<number>();
  const roleOnNode = new Map<string, number>();
  const placements: Placement[] = [];
  // Ranks with little choice first, so that nobody else takes the only core that a launcher's binding left them.
  const order = applicants.map((_, i) => i).sort((a, b) => usable[a]!.length - usable[b]!.length || a - b);
  for (const i of order) {
    const { role, nearNode } = applicants[i]!;
    const free = usable[i]!.filter(({ index }) => !taken.has(index));
    if (free.length === 0) return undefined;
    const node = chooseNode(free, nearNode, (numaNode) => roleOnNode.get(`${role} ${numaNode}`) ?? 0);
    const core = free.find(({ numaNode }) => numaNode === node)!;
    taken.add(core.index);
    roleOnNode.set(`${role} ${node}`, (roleOnNode.get(`${role} ${node}`) ?? 0) + 1);
    placements[i] = { numaNode: core.numaNode, cpus: core.cpus };
  }
  return placements;
}

/** The node of the storage device if it has room, otherwise the one with the fewest ranks of this role, then the most free cores. */
function chooseNode(free: readonly Core[], nearNode: number, sameRole: (numaNode: number) => number): number {
  const freeCores = new Map<number, number>();
  for (const { numaNode } of free) freeCores.set(numaNode, (freeCores.get(numaNode) ?? 0) + 1);
  if (freeCores.has(nearNode)) return nearNode;
  const [best] = [...freeCores].sort(([a, freeA], [b, freeB]) => sameRole(a) - sameRole(b) || freeB - freeA || a - b);
  return best![0];
}
