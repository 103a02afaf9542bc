import { constants } from "node:fs";
import { BenchError } from "../core/errors.ts";
import type { RankResult } from "../report/figures.ts";
import type { PhaseResult } from "../report/results.ts";
import { phaseScore, type SuitePhaseScore, suiteScore } from "../report/suite-score.ts";
import type { Group } from "../rpc/group.ts";
import { Find } from "./find.ts";
import { ior } from "./ior.ts";
import { mdtest } from "./mdtest.ts";
import { unless } from "./paths.ts";
import type { PhaseWork } from "./phase.ts";
import { runPhases } from "./runner.ts";
import { parseSuite, type SuiteParams, suiteExamples, suiteOptions, suiteUsage } from "./suite-options.ts";
import { easyFile, hardFile, hardFileBytes, type SuitePhase, suitePhases, type Written } from "./suite-phases.ts";
import { faultOfWrites, faultsOfRun } from "./suite-rules.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

const timestampFile = "timestampfile";
/** What find looks for in a name. */
const nameContains = "01";

function makeTimestamp({ fs, group }: WorkloadContext, { directory }: SuiteParams): PhaseWork {
  return {
    operations: group.index === 0 ? 1 : 0,
    async operate() {
      const file = await fs.open(`${directory}/${timestampFile}`, constants.O_CREAT | constants.O_WRONLY, 0o644);
      await file.close();
      return 0;
    },
  };
}

/** Searches for the files of mdtest-hard, whose names and number are known. */
function find({ fs, group }: WorkloadContext, { directory }: SuiteParams, written: Written): Find {
  let expected = 0;
  for (let item = 0; item < (written.get("mdtest-hard-write") ?? 0); item++) {
    if (`file.mdtest.${group.index}.${item}`.includes(nameContains)) expected++;
  }
  const newerThan = `${directory}/${timestampFile}`;
  return new Find(fs, group, { directory, newerThan, bytes: hardFileBytes, nameContains, expected });
}

/** Removes what the suite made and mdtest has not removed itself. */
function cleanup({ fs, group }: WorkloadContext, { directory }: SuiteParams): PhaseWork {
  const ownFile = `${directory}/${easyFile}.${String(group.index).padStart(8, "0")}`;
  const shared = [hardFile, timestampFile].map((name) => `${directory}/${name}`);
  const paths = [ownFile, ...(group.index === 0 ? shared : [])];
  return {
    operations: paths.length,
    async operate(index) {
      await unless("ENOENT", fs.unlink(paths[index]!));
      return 0;
    },
    async cleanUp() {
      if (group.index !== 0) return;
      for (const name of ["ior-easy", "ior-hard", "mdtest-easy", "mdtest-hard"]) {
        await unless("ENOENT", fs.rmdir(`${directory}/${name}`));
      }
      await fs.rmdir(directory);
    },
  };
}

/** Runs what a phase of the suite consists of. */
function perform(context: WorkloadContext, params: SuiteParams, suitePhase: SuitePhase, written: Written) {
  const activity = suitePhase.activity(params, written);
  if (activity.workload === "ior") return ior.run(context, activity.params);
  if (activity.workload === "mdtest") return mdtest.run(context, activity.params);
  const makeWork = { timestamp: makeTimestamp, find, cleanup }[activity.workload];
  const shape = {
    workload: "suite",
    options: { queueDepth: 1 },
    parameters: params,
    innerBarriers: false,
    remarks: "",
  };
  const work = () => makeWork(context, params, written);
  return runPhases(context, shape, [{ phase: activity.workload, kind: "items", iteration: 0, work }]);
}

/** Whether a row is what its phase is scored by; mdtest also makes and removes the tree of its files. */
function isScored({ workload, kind, phase }: Pick<PhaseResult, "workload" | "kind" | "phase">): boolean {
  return workload === "ior" ? kind === "transfers" : workload !== "mdtest" || phase.startsWith("file-");
}

/** One phase of the suite: its rows under its own name, what it did, and its score. On member 0, except for `run`. */
class SuiteStep {
  readonly #context: WorkloadContext;
  readonly #params: SuiteParams;
  readonly #phase: SuitePhase;
  readonly #rows: PhaseResult[] = [];
  #scored: PhaseResult | undefined;
  /** The most operations that a client did; 0 elsewhere than on member 0. */
  #operations = 0;

  constructor(context: WorkloadContext, params: SuiteParams, phase: SuitePhase) {
    this.#context = context;
    this.#params = params;
    this.#phase = phase;
  }

  /** Called by every client. @returns Operations of the client that did most, the same everywhere. */
  async run(written: Written): Promise<number> {
    const { group } = this.#context;
    const context: WorkloadContext = {
      ...this.#context,
      record: (...row) => this.#record(...row),
      progress: (progress) =>
        this.#context.progress({ ...progress, workload: "suite", phase: this.#nameOf(progress.phase) }),
    };
    await perform(context, this.#params, this.#phase, written);
    return shared(group, this.#operations);
  }

  #record(...[result, ranks, servers]: Parameters<WorkloadContext["record"]>): void {
    const scored = isScored(result);
    const phase = scored ? this.#phase.name : `${this.#phase.name}/${result.phase}`;
    const { figures, valid } = result;
    const checked = scored && valid && figures !== undefined && this.#phase.name.endsWith("-write");
    const fault = checked ? faultOfWrites(figures, servers, this.#params, this.#context.durability) : "";
    const row = { ...result, workload: "suite", phase, ...(fault !== "" && { valid: false, reason: fault }) };
    this.#rows.push(row);
    if (scored) {
      this.#scored = row;
      this.#operations = largest(ranks);
    }
    this.#context.record(row, ranks, servers);
  }

  #nameOf(phase: string): string {
    return phase.startsWith("tree-") ? `${this.#phase.name}/${phase}` : this.#phase.name;
  }

  get score(): SuitePhaseScore {
    const { name, group, measure } = this.#phase;
    const figures = this.#scored?.figures;
    const failed = this.#rows.find(({ valid }) => !valid);
    const reason = failed?.reason ?? "";
    const elapsedS = figures?.elapsedS ?? 0;
    return { name, group, ...phaseScore(measure, figures), elapsedS, valid: failed === undefined, reason };
  }
}

function largest(ranks: readonly RankResult[]): number {
  return ranks.reduce((most, { finished }) => Math.max(most, finished), 0);
}

/** Member 0's number, on every member. */
async function shared(group: Group, own: number): Promise<number> {
  return Number(Buffer.from(await group.broadcast(Buffer.from(String(own)))));
}

/** Runs all phases; when the run has to end, those that are left record that they did not happen. */
async function runSuite(context: WorkloadContext, params: SuiteParams): Promise<void> {
  const written = new Map<string, number>();
  const steps = suitePhases.map((phase) => new SuiteStep(context, params, phase));
  let first: unknown;
  for (const [index, step] of steps.entries()) {
    try {
      written.set(suitePhases[index]!.name, await step.run(written));
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      first ??= error;
    }
  }
  if (context.group.index === 0) {
    const scores = steps.map(({ score }) => score);
    context.score(suiteScore(scores, faultsOfRun(params, context.durability)));
  }
  if (first !== undefined) throw first;
}

/** All phases of IO500 in its order, by the workloads ior and mdtest, with a score under our own name. */
export const suite: WorkloadDefinition<SuiteParams> = {
  name: "suite",
  about: "Runs the phases of IO500 in their order and scores them: bandwidth, metadata, and both together.",
  usage: suiteUsage,
  examples: suiteExamples,
  options: suiteOptions,
  parse: parseSuite,
  run: runSuite,
};
