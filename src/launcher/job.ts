import { BenchError, type FailureCode, failures } from "../core/errors.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import { Collectives, type TreeGroup } from "../rpc/tree-group.ts";

const worldGroup = 0;
const clientGroup = 1;
/** How long a rank tries to tell others that the run must end, or that it has left. */
const abortDeadlineMs = 1000;
/** How long the lead waits for the others to clean up after a run that ended early. */
const leftDeadlineMs = 5000;

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
  /** World ranks that need not be waited for any more. */
  readonly #gone = new Set<number>();
  #onGone: () => void = () => {};
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
    rpc.serve(operations.left, (_request, incoming) => {
      incoming.respond({});
      this.#isGone(incoming.peer);
    });
    rpc.serve(operations.ping, (_request, incoming) => incoming.respond({}));
    rpc.onPeerLost((peer) => {
      this.#isGone(peer);
      if (!this.#ended) this.abort(new BenchError("ERR_PEER_LOST", `rank ${peer} died`, { rank: peer }));
    });
  }

  /**
   * Makes the endpoints of the tree in both directions, so that the death of a neighbour is noticed from now on, also
   * before there is anything to say to it.
   */
  watchNeighbours(): void {
    for (const neighbour of this.world.neighbours) void this.#rpc.call(operations.ping, neighbour, {});
  }

  /** Why the run must end, or undefined while it need not. */
  get reason(): BenchError | undefined {
    return this.#reason;
  }

  get isLead(): boolean {
    return this.#rpc.rank === this.#lead;
  }

  /** Whether the rank that judges the run is the one that is gone, so that every rank has to end with a failure. */
  get leadIsGone(): boolean {
    return this.#reason?.where.rank === this.#lead && this.#reason.code === "ERR_PEER_LOST";
  }

  /** Whether this rank says why the run ended: the lead does, and the member after it when the lead is gone. */
  get speaks(): boolean {
    return this.isLead || (this.leadIsGone && this.world.index === 1);
  }

  onAbort(run: (reason: BenchError) => void): void {
    this.#onAbort.push(run);
  }

  /** Ends the run everywhere. The first reason counts. Collectives reject; whoever works looks at `reason`. */
  abort(reason: BenchError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    if (reason.code === "ERR_PEER_LOST") this.#isGone(Number(reason.where.rank));
    const payload = Buffer.from(reason.message.slice(0, 1000));
    const request = { deadRank: Number(reason.where.rank ?? -1), failure: failures[reason.code].exit };
    const tell = (neighbour: number) =>
      this.#rpc.call(operations.abort, neighbour, request, { payload, deadlineMs: abortDeadlineMs });
    this.#told = Promise.all(this.world.neighbours.map(tell));
    this.world.fail(reason);
    this.clients?.fail(reason);
    for (const run of this.#onAbort) run(reason);
  }

  /**
   * The end of a run that ends early, after this rank has cleaned up: the reason has reached the neighbours; then the
   * lead waits, within bounds, until the others have cleaned up too, since a launcher ends all ranks when the lead ends.
   */
  async endEarly(): Promise<void> {
    await this.#told;
    if (!this.isLead) {
      await this.#rpc.call(operations.left, this.#lead, {}, { deadlineMs: abortDeadlineMs });
      return;
    }
    await new Promise<void>((resolve) => {
      this.#onGone = () => {
        if (this.#gone.size >= this.world.size - 1) resolve();
      };
      this.#onGone();
      setTimeout(resolve, leftDeadlineMs);
    });
  }

  #isGone(rank: number): void {
    this.#gone.add(rank);
    this.#onGone();
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
