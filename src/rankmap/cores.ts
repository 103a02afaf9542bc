import { assert, BenchError } from "../core/errors.ts";
import { assignSeats } from "./assign.ts";
import { parseCpus, showCpus } from "./cpu-list.ts";
import type { CoreFacts, RankFacts, Role } from "./facts.ts";
import type { RankPolicy } from "./policy.ts";
import { type Seat, Seats } from "./seats.ts";

/** A rank of a host that wants a core. */
export interface Applicant {
  readonly facts: RankFacts;
  readonly role: Role;
  /** NUMA node of what it should be near; -1: none, or not known. */
  readonly nearNode: number;
  /** What a map file gives to it; undefined: as the policy places ranks. */
  readonly cpus: readonly number[] | undefined;
}

export interface Placement {
  readonly numaNode: number;
  /** Ascending. */
  readonly cpus: readonly number[];
}

export interface Placements {
  /** In the order of the applicants. */
  readonly placements: readonly Placement[];
  /** There are fewer cores than ranks, or ranks have to share some. */
  readonly oversubscribed: boolean;
  /** What falls short of the policy, without the name of the host. */
  readonly remarks: readonly string[];
}

/**
 * Gives each rank of one host a core of its own or, when they do not suffice, leaves all of them on all CPUs that they
 * may use: a rank that is pinned beside one that roams has half a core.
 * @throws BenchError ERR_CONFIG when a map file gives a rank CPUs that it may not use.
 */
export function placeOnCores(
  cores: readonly CoreFacts[],
  applicants: readonly Applicant[],
  policy: RankPolicy,
): Placements {
  const allowed = allowedOf(applicants);
  const seats = new Seats(cores, new Set([...new Set(allowed)].flat()), policy);
  const usable = allowed.map((cpus) => seats.of(cpus));
  const placed = applicants.map(({ facts, cpus }, i) => cpus && placeAsTold(facts, cpus, allowed[i]!, cores));
  const own = assignOthers(applicants, usable, placed, policy.order);
  const shortage = own === undefined ? describeShortage(usable, policy) : describeSharing(own);
  const remarks = shortage === undefined ? [] : [shortage];
  const oversubscribed = shortage !== undefined;
  if (own === undefined || policy.bind === "none") {
    return { placements: usable.map((list, i) => everywhere(list, allowed[i]!)), oversubscribed, remarks };
  }
  const wishes = applicants.filter(({ nearNode }) => nearNode >= 0).length;
  const disturbed = own.filter(({ cpus }) => cpus.some((cpu) => seats.systemCpus.has(cpu))).length;
  if (disturbed > 0)
    remarks.push(`${disturbed} of ${own.length} ranks are on cores that were to be left to the system`);
  const far = applicants.filter(({ nearNode }, i) => nearNode >= 0 && own[i]!.numaNode !== nearNode).length;
  if (far > 0) remarks.push(`${far} of ${wishes} servers are not on the NUMA node of their ${policy.near}: it is full`);
  return { placements: own, oversubscribed, remarks };
}

/** The CPUs of each applicant; the same array for those that may use the same. */
function allowedOf(applicants: readonly Applicant[]): number[][] {
  const lists = new Map<string, number[]>();
  return applicants.map(({ facts: { rank, allowedCpus } }) => {
    const cpus = lists.get(allowedCpus) ?? parseCpus(allowedCpus);
    assert(cpus !== undefined, `rank ${rank} says which CPUs it may use`);
    lists.set(allowedCpus, cpus);
    return cpus;
  });
}

function placeAsTold(
  { rank, host, allowedCpus }: RankFacts,
  cpus: readonly number[],
  allowed: readonly number[],
  cores: readonly CoreFacts[],
): Placement {
  const missing = cpus.filter((cpu) => !allowed.includes(cpu));
  if (missing.length === 0) {
    const nodes = new Set(
      cores.filter(({ pus }) => pus.some((cpu) => cpus.includes(cpu))).map((core) => core.numaNode),
    );
    return { cpus, numaNode: nodes.size === 1 ? [...nodes][0]! : -1 };
  }
  throw new BenchError(
    "ERR_CONFIG",
    `--rank-map gives rank ${rank} the CPUs ${showCpus(missing)}, but on ${host} it may use ${allowedCpus} only`,
    { rank },
  );
}

/** Seats those that nobody has placed where no placed one is. @returns undefined when that is not possible. */
function assignOthers(
  applicants: readonly Applicant[],
  usable: readonly (readonly Seat[])[],
  placed: readonly (Placement | undefined)[],
  order: RankPolicy["order"],
): Placement[] | undefined {
  const gone = new Set(placed.flatMap((placement) => placement?.cpus ?? []));
  const taken = gone.size === 0 ? [] : usable.flat().filter(({ cpus }) => cpus.some((cpu) => gone.has(cpu)));
  const others = applicants.flatMap(({ role, nearNode }, i) =>
    placed[i] === undefined ? [{ role, nearNode, seats: usable[i]! }] : [],
  );
  const seats = assignSeats(others, order, taken)?.values();
  return seats && placed.map((placement) => placement ?? (seats.next().value as Seat));
}

function describeShortage(usable: readonly (readonly Seat[])[], { smt, systemCores }: RankPolicy): string {
  const ranks = usable.length;
  const seats = new Set([...new Set(usable)].flat().map(({ id }) => id)).size;
  const noun = `${smt === "split" ? "hardware thread" : "core"}${seats === 1 ? "" : "s"}`;
  const reserved = systemCores === 0 ? "" : ` beside ${systemCores} left for the system`;
  if (ranks > seats) return `${ranks} ranks on ${seats} ${noun}${reserved}`;
  return `${ranks} ranks on ${seats} ${noun}${reserved}, but the launcher or the map file puts some of them on the same`;
}

/** Says which CPU several ranks have, which only a map file can ask for. */
function describeSharing(placements: readonly Placement[]): string | undefined {
  const seen = new Set<number>();
  for (const cpu of placements.flatMap(({ cpus }) => cpus)) {
    if (seen.has(cpu)) return `the map file gives CPU ${cpu} to several ranks`;
    seen.add(cpu);
  }
  return undefined;
}

function everywhere(usable: readonly Seat[], allowed: readonly number[]): Placement {
  const nodes = new Set(usable.map(({ numaNode }) => numaNode));
  const cpus = [...new Set(usable.flatMap((seat) => seat.cpus))].sort((a, b) => a - b);
  return { numaNode: nodes.size === 1 ? usable[0]!.numaNode : -1, cpus: cpus.length > 0 ? cpus : allowed };
}
