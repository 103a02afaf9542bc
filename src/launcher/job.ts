import { BenchError, type FailureCode, failures } from "../core/errors.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import { Collectives, type TreeGroup } from "../rpc/tree-group.ts";

const worldGroup = 0;
const clientGroup = 1;
/** How long a rank tries to tell its neighbours that the run must end. */
const abortDeadlineMs = 1000;

/**
 * One rank's view of the running job: its groups, and whether the run must end. The reason to end spreads along the
 * tree of the world group, so that every rank that lives learns of it, whoever died and whoever noticed.
 */
export class Job {
  /** Every rank; member 0 is the lead, the first client: it shows progress, writes the results, decides the status. */
  readonly world: TreeGroup;
  /** The clients, in the order of their indices; undefined on a server. */
  readonly clients: TreeGroup | undefined;
  readonly #rpc: Rpc;
  readonly #lead: number;
  readonly #onAbort: ((reason: BenchError) => void)[] = [];
  #reason: BenchError | undefined;
  #told: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(rpc: Rpc, clientRanks: readonly number[], serverRanks: readonly number[]) {
    this.#rpc = rpc;
    this.#lead = clientRanks[0]!;
    const collectives = new Collectives(rpc);
    this.world = collectives.group(worldGroup, [...clientRanks, ...serverRanks]);
    this.clients = clientRanks.includes(rpc.rank) ? collectives.group(clientGroup, clientRanks) : undefined;

    rpc.serve(operations.abort, ({ deadRank, failure }, incoming) => {
      const message = Buffer.from(incoming.payload).toString();
      incoming.respond({});
      this.abort(new BenchError(failureOfExit(failure), message, deadRank < 0 ? {} : { rank: deadRank }));
    });
    rpc.serve(operations.ping, (_request, incoming) => incoming.respond({}));
    rpc.onPeerLost((peer) => {
      if (!this.#ended) this.abort(new BenchError("ERR_PEER_LOST", `rank ${peer} died`, { rank: peer }));
    });
  }

  /** Why the run must end, or undefined while it need not. */
  get reason(): BenchError | undefined {
    return this.#reason;
  }

  get isLead(): boolean {
    return this.#rpc.rank === this.#lead;
  }

  /** Whether the rank that reports is the one that is gone, so that each rank has to speak for itself. */
  get leadIsGone(): boolean {
    return this.#reason?.where.rank === this.#lead && this.#reason.code === "ERR_PEER_LOST";
  }

  onAbort(run: (reason: BenchError) => void): void {
    this.#onAbort.push(run);
  }

  /** Ends the run everywhere. The first reason counts. Collectives reject; whoever works looks at `reason`. */
  abort(reason: BenchError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const payload = Buffer.from(reason.message.slice(0, 1000));
    const request = { deadRank: Number(reason.where.rank ?? -1), failure: failures[reason.code].exit };
    const tell = (neighbour: number) =>
      this.#rpc.call(operations.abort, neighbour, request, { payload, deadlineMs: abortDeadlineMs });
    this.#told = Promise.all(this.world.neighbours.map(tell));
    this.world.fail(reason);
    this.clients?.fail(reason);
    for (const run of this.#onAbort) run(reason);
  }

  /** Resolves when the neighbours know that the run must end, or cannot be told; at once if it need not. */
  async spread(): Promise<void> {
    await this.#told;
  }

  /**
   * All ranks agree whether to go on: each gives what went wrong with it, if anything did.
   * @throws BenchError The first failure by member, on every rank, naming the rank.
   */
  async agree(failure: BenchError | undefined): Promise<void> {
    const mine = failure && { rank: this.#rpc.rank, code: failure.code, message: failure.message };
    const all = await this.world.gather(Buffer.from(mine === undefined ? "" : JSON.stringify(mine)));
    const first = all?.find((bytes) => bytes.length > 0);
    const verdict = Buffer.from(await this.world.broadcast(first)).toString();
    if (verdict === "") return;
    const { rank, code, message } = JSON.parse(verdict) as { rank: number; code: FailureCode; message: string };
    throw new BenchError(code, `rank ${rank}: ${message}`, { rank });
  }

  /** Servers wait here while clients work; returns when the lead has called it. Rejects when the run must end. */
  async untilEnd(): Promise<void> {
    await this.world.broadcast();
    this.#ended = true;
  }

  /** The last exchange: what every rank has to say, on the lead, by member of the world; undefined elsewhere. */
  async farewell(words: Uint8Array): Promise<Uint8Array[] | undefined> {
    return this.world.gather(words);
  }
}

function failureOfExit(exit: number): FailureCode {
  const found = Object.entries(failures).find(([, failure]) => failure.exit === exit);
  return (found?.[0] ?? "ERR_BUG") as FailureCode;
}
