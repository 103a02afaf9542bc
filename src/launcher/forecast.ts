import { rootIno } from "../core/inode.ts";
import { chunkBytes, inodesPerServer } from "../core/limits.ts";
import { chunkServer, metadataServer } from "../rankmap/placement.ts";
import type { FirstOperation, Traffic } from "../workload/traffic.ts";
import type { WorkloadDefinition } from "../workload/workload.ts";
import type { RunConfig } from "./config.ts";

/** What comes to one server of a run, by the placement that clients and servers will use. */
export interface ServerForecast {
  /** Names, and chunks, that are made there. */
  entries: number;
  chunks: number;
  bytesWritten: number;
  bytesRead: number;
  /** Most bytes that are stored at a time. */
  bytesStored: number;
  /** Requests that all clients send at the start of the first phase, before they wait for anything. */
  firstWindow: number;
}

export interface Forecast {
  /** By server index. */
  readonly servers: readonly ServerForecast[];
  /**
   * Bytes that are stored on each server, by workload of the run, round and server: phases that move all of a round's
   * data move them in these proportions. Undefined for a workload that is missing.
   */
  readonly rounds: readonly (readonly (readonly number[])[] | undefined)[];
  /** Workloads that are not in it, and why. */
  readonly missing: readonly { readonly workload: string; readonly why: string }[];
}

/** A workload that makes more names than this spreads them evenly, and placing each would take minutes. */
const namesMaxDefault = 2_000_000;

type Workloads = Readonly<Record<string, WorkloadDefinition<unknown>>>;

/**
 * Simulates where a run will put names and chunks, on a file system that is empty at first. Exact for data as long as
 * all files have one size, since the servers then give out the same inode numbers whoever asks first.
 */
export function forecastRun(
  { workloads: runs, window }: Pick<RunConfig, "workloads" | "window">,
  workloads: Workloads,
  counts: { readonly servers: number; readonly clients: number },
  namesMax = namesMaxDefault,
): Forecast {
  const simulation = new Simulation(counts.servers, window);
  const missing: { workload: string; why: string }[] = [];
  const rounds = runs.map(({ name: workload, params }) => {
    const traffic = workloads[workload]!.traffic?.(params, counts.clients);
    const why = whyMissing(traffic, missing[0]?.workload, namesMax);
    if (why === undefined) return simulation.run(traffic!, counts.clients);
    missing.push({ workload, why });
    return undefined;
  });
  return { servers: simulation.servers, rounds, missing };
}

function whyMissing(traffic: Traffic | undefined, before: string | undefined, namesMax: number): string | undefined {
  if (traffic === undefined) return "what it does depends on what it finds";
  if (traffic.names > namesMax) return `it makes ${traffic.names} names, hashed evenly`;
  // Inode numbers count on, so that they are not known any more.
  return before === undefined ? undefined : `it runs after ${before}, which is not in it either`;
}

class Simulation {
  readonly #count: number;
  readonly #window: number;
  /** Numbers that each server has given out: the names that it has. */
  readonly #inodes: Float64Array;
  readonly #directories = new Map<string, number>([["", rootIno]]);
  readonly #chunks: RoundRobin;
  readonly #written: RoundRobin;
  readonly #read: RoundRobin;
  readonly #mostStored: Float64Array;
  readonly #firstWindow: Float64Array;
  #stored: RoundRobin;
  #first: Map<string, FirstOperation[]> | undefined;

  constructor(count: number, window: number) {
    this.#count = count;
    this.#window = window;
    this.#inodes = new Float64Array(count);
    this.#chunks = new RoundRobin(count);
    this.#written = new RoundRobin(count);
    this.#read = new RoundRobin(count);
    this.#stored = new RoundRobin(count);
    this.#mostStored = new Float64Array(count);
    this.#firstWindow = new Float64Array(count);
  }

  get servers(): ServerForecast[] {
    const [chunks, written, read] = [this.#chunks, this.#written, this.#read].map((amounts) => amounts.values());
    return Array.from({ length: this.#count }, (_, i) => ({
      entries: this.#inodes[i]!,
      chunks: chunks![i]!,
      bytesWritten: written![i]!,
      bytesRead: read![i]!,
      bytesStored: this.#mostStored[i]!,
      firstWindow: this.#firstWindow[i]!,
    }));
  }

  /** @returns Bytes stored, by round and server. */
  run(traffic: Traffic, clients: number): number[][] {
    const rounds: number[][] = [];
    // Only the first workload starts with all clients at once on an idle file system.
    this.#first ??= firstOperations(traffic, clients);
    for (const round of traffic.rounds()) {
      this.#stored = new RoundRobin(this.#count);
      for (const { path, kind, sizeBytes, writes, reads } of round) {
        const ino = this.#make(path);
        if (kind === "directory") this.#directories.set(path, ino);
        else this.#spread(ino, sizeBytes, writes, reads);
        this.#sendFirst(path, ino);
      }
      const stored = this.#stored.values();
      for (const [i, bytes] of stored.entries()) this.#mostStored[i] = Math.max(this.#mostStored[i]!, bytes);
      rounds.push(stored);
    }
    return rounds;
  }

  #make(path: string): number {
    const server = this.#serverOf(path);
    return server * inodesPerServer + ++this.#inodes[server]!;
  }

  #serverOf(path: string): number {
    const slash = path.lastIndexOf("/");
    const above = path.slice(0, slash);
    const parent = this.#directories.get(above) ?? this.#makeDirectory(above);
    return metadataServer(parent, Buffer.from(path.slice(slash + 1)), this.#count);
  }

  #makeDirectory(path: string): number {
    const ino = this.#make(path);
    this.#directories.set(path, ino);
    return ino;
  }

  #spread(ino: number, sizeBytes: number, writes: number, reads: number): void {
    const chunks = Math.ceil(sizeBytes / chunkBytes);
    if (chunks === 0) return;
    const first = chunkServer(ino, 0, this.#count);
    const last = chunkServer(ino, chunks - 1, this.#count);
    const missingBytes = chunks * chunkBytes - sizeBytes;
    this.#chunks.add(first, chunks, 1);
    for (const [amounts, times] of [
      [this.#written, writes],
      [this.#read, reads],
      [this.#stored, 1],
    ] as const) {
      amounts.add(first, chunks, times * chunkBytes);
      amounts.add(last, 1, -times * missingBytes);
    }
  }

  #sendFirst(path: string, ino: number): void {
    const operations = this.#first?.get(path);
    if (operations === undefined) return;
    this.#first!.delete(path);
    for (const { offset, bytes } of operations) {
      if (bytes === 0) this.#firstWindow[Math.floor(ino / inodesPerServer)]!++;
      const chunk = Math.floor(offset / chunkBytes);
      const last = Math.floor((offset + bytes - 1) / chunkBytes);
      for (let i = chunk; bytes > 0 && i <= Math.min(last, chunk + this.#window - 1); i++) {
        this.#firstWindow[chunkServer(ino, i, this.#count)]!++;
      }
    }
  }
}

/** Amounts of all servers to which files add in turn: an addition costs the same however many turns it makes. */
class RoundRobin {
  /** What every server has. */
  #everywhere = 0;
  /** What server i has more than server i - 1. */
  readonly #steps: Float64Array;

  constructor(servers: number) {
    this.#steps = new Float64Array(servers + 1);
  }

  /** Adds `amount` to each of `count` servers, counted on from `first` and around. */
  add(first: number, count: number, amount: number): void {
    const servers = this.#steps.length - 1;
    this.#everywhere += Math.floor(count / servers) * amount;
    const end = first + (count % servers);
    this.#addRun(first, Math.min(end, servers), amount);
    if (end > servers) this.#addRun(0, end - servers, amount);
  }

  #addRun(from: number, to: number, amount: number): void {
    this.#steps[from]! += amount;
    this.#steps[to]! -= amount;
  }

  /** By server. */
  values(): number[] {
    let more = 0;
    return Array.from(this.#steps.subarray(0, -1), (step) => {
      more += step;
      return this.#everywhere + more;
    });
  }
}

function firstOperations(traffic: Traffic, clients: number): Map<string, FirstOperation[]> {
  const byPath = new Map<string, FirstOperation[]>();
  for (let client = 0; client < clients; client++) {
    for (const operation of traffic.firstOperations(client)) {
      const known = byPath.get(operation.path);
      if (known === undefined) byPath.set(operation.path, [operation]);
      else known.push(operation);
    }
  }
  return byPath;
}

/** How much more the busiest server has than the mean: 0 is even, 1 twice as much; undefined if nobody has anything. */
export function imbalance(values: readonly number[]): number | undefined {
  const total = values.reduce((sum, value) => sum + value, 0);
  return total === 0 ? undefined : (values.reduce((a, b) => Math.max(a, b), 0) * values.length) / total - 1;
}
