import type { CoreFacts } from "./facts.ts";
import type { RankPolicy } from "./policy.ts";

/** Where one rank can be: a core, or a hardware thread of one, as far as the rank may use it. */
export interface Seat {
  /** Of the seats with one number only one can be taken: they are the same one, seen by ranks with other CPUs. */
  readonly id: number;
  /** Index of the core. */
  readonly core: number;
  readonly numaNode: number;
  /** Ascending. */
  readonly cpus: readonly number[];
}

/** More hardware threads than a core of any machine has. */
const threadsMax = 64;

/** The seats of a host by the CPUs that a rank may use: most ranks may use the same, so each list is made once. */
export class Seats {
  readonly #cores: readonly CoreFacts[];
  readonly #smt: RankPolicy["smt"];
  readonly #systemCores: ReadonlySet<number>;
  /** CPUs of the cores that are left to the system. */
  readonly systemCpus: ReadonlySet<number>;
  readonly #lists = new Map<readonly number[], readonly Seat[]>();

  /** @param allowed CPUs that any rank of the host may use. */
  constructor(cores: readonly CoreFacts[], allowed: ReadonlySet<number>, policy: RankPolicy) {
    this.#cores = cores;
    this.#smt = policy.smt;
    const usable = cores.flatMap(({ pus }, core) => (pus.some((cpu) => allowed.has(cpu)) ? [core] : []));
    this.#systemCores = new Set(usable.slice(0, policy.systemCores));
    this.systemCpus = new Set([...this.#systemCores].flatMap((core) => cores[core]!.pus));
  }

  /**
   * The seats of a rank, in the order of the machine. The cores of the system are not among them, unless the launcher
   * has left the rank nothing else.
   * @param allowed CPUs of the rank; the same array for ranks that may use the same.
   */
  of(allowed: readonly number[]): readonly Seat[] {
    const known = this.#lists.get(allowed);
    if (known !== undefined) return known;
    const set = new Set(allowed);
    const all = this.#cores.flatMap((_, core) => this.#seatsOf(core, set));
    const free = all.filter(({ core }) => !this.#systemCores.has(core));
    const list = free.length > 0 ? free : all;
    this.#lists.set(allowed, list);
    return list;
  }

  #seatsOf(core: number, allowed: ReadonlySet<number>): Seat[] {
    const { pus, numaNode } = this.#cores[core]!;
    const cpus = pus.filter((cpu) => allowed.has(cpu)).sort((a, b) => a - b);
    const id = core * threadsMax;
    if (cpus.length === 0) return [];
    if (this.#smt === "split") return cpus.map((cpu) => ({ id: id + pus.indexOf(cpu), core, numaNode, cpus: [cpu] }));
    return [{ id, core, numaNode, cpus: this.#smt === "idle" ? cpus.slice(0, 1) : cpus }];
  }
}
