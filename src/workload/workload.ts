import type { FileSystem } from "../client/file-system.ts";
import type { ServerProbe } from "../client/server-probe.ts";
import type { OptionSpec } from "../core/options.ts";
import type { RankResult } from "../report/figures.ts";
import type { ClientCounters } from "../report/process-counters.ts";
import type { Progress } from "../report/progress.ts";
import type { PhaseResult } from "../report/results.ts";
import type { ServerCounters } from "../report/servers.ts";
import type { SuiteScore } from "../report/suite-score.ts";
import type { Group } from "../rpc/group.ts";
import type { Traffic } from "./traffic.ts";

export type { Progress };

/** What a client process gives to the workload that it runs. */
export interface WorkloadContext {
  readonly fs: FileSystem;
  /** The servers below it; undefined where there are none. */
  readonly probe: ServerProbe | undefined;
  /** The clients; a client's index in it is its task number in IOR and mdtest. */
  readonly group: Group;
  /** Host name of each client, by index. */
  readonly hostOfClient: readonly string[];
  /** Why to stop now, if there is a reason. Asked between operations, so it must be cheap. */
  interrupted(): string | undefined;
  /** Durability class of the run: what an acknowledged `sync` or `close` is worth. */
  readonly durability: "memory" | "pagecache" | "device";
  /** What this client's process has done since it started. */
  readOwn?(): ClientCounters;
  /** What each server has done since it started, by index; none where there are no servers. Called on member 0 alone. */
  readServers(): Promise<readonly ServerCounters[]>;
  /**
   * Takes the row of a phase, those of its clients by index, and what each server did meanwhile, by index; called on
   * member 0 alone, when the phase ends.
   */
  record(result: PhaseResult, ranks: readonly RankResult[], servers: readonly ServerCounters[]): void;
  /** Keep what each client does in each second of a phase. */
  readonly timeline?: boolean;
  /** Takes the score of a suite of phases; called on member 0 alone. */
  score(score: SuiteScore): void;
  /** Takes how far member 0 is; called there alone, about every 20 ms, so it must be cheap. */
  progress(progress: Progress): void;
}

/** A workload by name. Its parameters are plain JSON, so that one rank can parse them for all. */
export interface WorkloadDefinition<Params> {
  readonly name: string;
  /** One sentence for the list of workloads. */
  readonly about: string;
  /** "ior [options]". */
  readonly usage: string;
  readonly examples: readonly string[];
  readonly options: readonly OptionSpec[];
  /** The command lines that one stands for, if it names a script of several. @throws BenchError ERR_CONFIG. */
  expand?(argv: readonly string[]): readonly (readonly string[])[];
  /** @throws BenchError ERR_CONFIG naming the option, its value and what is allowed. */
  parse(argv: readonly string[]): Params;
  /** What `plan` shows of it; undefined, or without a result, where that cannot be told from the parameters. */
  traffic?(params: Params, clients: number): Traffic | undefined;
  /**
   * Runs all phases; every client calls it with equal parameters. Failed operations and wrong data are counted in
   * the rows, and do not end it.
   * @throws BenchError ERR_PEER_LOST or ERR_INTERRUPTED; member 0 has recorded a row for every phase even then.
   */
  run(context: WorkloadContext, params: Params): Promise<void>;
}
