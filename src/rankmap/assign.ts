import type { Role } from "./facts.ts";
import type { RankPolicy } from "./policy.ts";
import type { Seat } from "./seats.ts";

/** A rank that wants a seat. */
export interface Candidate {
  readonly role: Role;
  /** NUMA node that it wants; -1: any. */
  readonly nearNode: number;
  /** Where it may sit, in the order of the machine. */
  readonly seats: readonly Seat[];
}

interface NodeState {
  readonly numaNode: number;
  /** Free seats, and the first of them. */
  free: number;
  first: Seat;
}

/**
 * A seat for each candidate: on a core that nobody has as long as there is one, then near what it wants to be near,
 * then as `order` says.
 * @param taken Seats that are gone already.
 * @returns By candidate; undefined when there is no way to seat all.
 */
export function assignSeats(
  candidates: readonly Candidate[],
  order: RankPolicy["order"],
  taken: Iterable<Seat>,
): Seat[] | undefined {
  return new Assignment(candidates, order, taken).run();
}

class Assignment {
  readonly #candidates: readonly Candidate[];
  readonly #order: RankPolicy["order"];
  readonly #seatOf: (Seat | undefined)[];
  /** Candidate by seat, -1 for one that is nobody's to give. */
  readonly #owner = new Map<number, number>();
  readonly #onCore = new Map<number, number>();
  /** Ranks by role and NUMA node. */
  readonly #onNode: Readonly<Record<Role, Map<number, number>>> = { server: new Map(), client: new Map() };

  constructor(candidates: readonly Candidate[], order: RankPolicy["order"], taken: Iterable<Seat>) {
    this.#candidates = candidates;
    this.#order = order;
    this.#seatOf = new Array(candidates.length).fill(undefined);
    for (const { id, core } of taken) {
      this.#owner.set(id, -1);
      add(this.#onCore, core, 1);
    }
  }

  run(): Seat[] | undefined {
    const seatsOf = (i: number) => this.#candidates[i]!.seats.length;
    // Those with little choice first, so that nobody else takes the only core that a launcher's binding left them.
    const turns = this.#candidates.map((_, i) => i).sort((a, b) => seatsOf(a) - seatsOf(b) || a - b);
    for (const i of turns) {
      const seat = this.#choose(i);
      if (seat !== undefined) this.#take(i, seat);
      else if (!this.#makeRoom(i, new Set())) return undefined;
    }
    return this.#seatOf as Seat[];
  }

  #choose(i: number): Seat | undefined {
    const { nearNode, role } = this.#candidates[i]!;
    const nodes = this.#freeNodes(i);
    const near = nodes.find(({ numaNode }) => numaNode === nearNode);
    if (near !== undefined || this.#order === "block") return (near ?? nodes[0])?.first;
    const { server, client } = this.#onNode;
    const same = this.#onNode[role];
    const busy = ({ numaNode }: NodeState): number =>
      this.#order === "spread" ? count(same, numaNode) : count(server, numaNode) + count(client, numaNode);
    let best: NodeState | undefined;
    for (const node of nodes) {
      if (best === undefined || busy(node) < busy(best)) best = node;
      else if (this.#order === "spread" && busy(node) === busy(best) && node.free > best.free) best = node;
    }
    return best?.first;
  }

  /** NUMA nodes with free seats on the cores that have the fewest ranks, in the order of the machine. */
  #freeNodes(i: number): NodeState[] {
    let nodes: NodeState[] = [];
    let fewest = Number.POSITIVE_INFINITY;
    for (const seat of this.#candidates[i]!.seats) {
      if (this.#owner.has(seat.id)) continue;
      const ranks = count(this.#onCore, seat.core);
      if (ranks > fewest) continue;
      if (ranks < fewest) nodes = [];
      fewest = ranks;
      const last = nodes.at(-1);
      const node = last?.numaNode === seat.numaNode ? last : nodes.find(({ numaNode }) => numaNode === seat.numaNode);
      if (node === undefined) nodes.push({ numaNode: seat.numaNode, free: 1, first: seat });
      else node.free++;
    }
    return nodes;
  }

  /** Seats a candidate who finds nothing free by moving others on (augmenting path of a bipartite matching). */
  #makeRoom(i: number, asked: Set<number>): boolean {
    for (const seat of this.#candidates[i]!.seats) {
      if (asked.has(seat.id)) continue;
      asked.add(seat.id);
      const owner = this.#owner.get(seat.id);
      if (owner === -1 || (owner !== undefined && !this.#makeRoom(owner, asked))) continue;
      this.#take(i, seat);
      return true;
    }
    return false;
  }

  /** Whoever had the seat has another one by now. */
  #take(i: number, seat: Seat): void {
    const { role } = this.#candidates[i]!;
    const left = this.#seatOf[i];
    if (left !== undefined) {
      add(this.#onCore, left.core, -1);
      add(this.#onNode[role], left.numaNode, -1);
    }
    this.#seatOf[i] = seat;
    this.#owner.set(seat.id, i);
    add(this.#onCore, seat.core, 1);
    add(this.#onNode[role], seat.numaNode, 1);
  }
}

function count(counts: ReadonlyMap<number, number>, key: number): number {
  return counts.get(key) ?? 0;
}

function add(counts: Map<number, number>, key: number, change: number): void {
  counts.set(key, count(counts, key) + change);
}
