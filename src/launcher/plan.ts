import { helpText } from "../core/describe-options.ts";
import type { OptionSpec } from "../core/options.ts";
import { parseOptions } from "../core/parse-options.ts";
import { buildRankMap, hashRankMap } from "../rankmap/map.ts";
import { workloads } from "../workload/registry.ts";
import { agreeOnMap } from "./agree-on-map.ts";
import { makeConfig, type RunConfig } from "./config.ts";
import { describeJob } from "./described-job.ts";
import { type HostLimits, localLimits } from "./host-limits.ts";
import { defaultRanks, runJobCommand, startRanks } from "./job-command.ts";
import { exchange, joinJob, leaveJob } from "./mpi.ts";
import { jobOptions } from "./options.ts";
import { makePlan, type PlannedJob } from "./plan-job.ts";
import { planAbout, planCommand, planOptions } from "./plan-options.ts";
import { type PlanFormat, showPlan } from "./show-plan.ts";

/**
 * `node . plan`: what a run with the same options would do, without doing it. The hosts of this job are asked over
 * MPI; those that --hosts or --topology describe are not.
 * @returns Exit status.
 */
export function plan(argv: readonly string[]): Promise<number> {
  return runJobCommand(argv, {
    help: async () => helpText(planCommand.info, planAbout, planOptions),
    asRank: async () => planAsRank(argv),
    asLauncher: async () => {
      const config = readConfig(argv);
      const { hosts, topology } = planValues(argv);
      if (hosts === undefined && topology === undefined) return startRanks("plan", argv, config.ranks ?? defaultRanks);
      const { facts, memoryBytes } = describeJob(hosts ?? 1, topology, config.ranks, config.storagePaths);
      const map = buildRankMap(facts, config);
      const limits = new Map(map.hosts.map((host) => [host, { memoryBytes }]));
      print(argv, { config, map, mapHash: hashRankMap(map), limits });
      return 0;
    },
  });
}

function planAsRank(argv: readonly string[]): number {
  const { rank } = joinJob();
  let job: Omit<PlannedJob, "argv">;
  try {
    const config = exchange(() => (rank === 0 ? readConfig(argv) : null))[0]!;
    const { map, mapHash } = agreeOnMap(rank, config);
    const isFirst = map.places[rank]!.localRank === 0;
    const told = exchange((): [string, HostLimits] | null =>
      isFirst ? [map.places[rank]!.host, localLimits()] : null,
    );
    job = { config, map, mapHash, limits: new Map(told.filter((one) => one !== null)) };
  } finally {
    leaveJob();
  }
  if (rank === 0) print(argv, job);
  return 0;
}

function readConfig(argv: readonly string[]): RunConfig {
  return makeConfig({ argv, environment: process.env, workloads, command: planCommand });
}

function planValues(argv: readonly string[]): { hosts?: number; topology?: string; print: PlanFormat } {
  return parseOptions([...jobOptions, ...planOptions], argv, planCommand.info).values as ReturnType<typeof planValues>;
}

function print(argv: readonly string[], job: Omit<PlannedJob, "argv">): void {
  const plan = makePlan({ ...job, argv: runArguments(argv) });
  process.stdout.write(showPlan(plan, planValues(argv).print));
}

/** The words without the options that only `plan` has. */
function runArguments(argv: readonly string[]): string[] {
  const { rest } = parseOptions([...jobOptions, ...planOptions], argv, planCommand.info);
  const end = argv.length - rest.length;
  const isOurs = (word: string | undefined) => planOptions.some(({ name }: OptionSpec) => word === `--${name}`);
  return argv.filter((word, i) => {
    if (i >= end) return true;
    return !isOurs(word.split("=", 1)[0]) && !(isOurs(argv[i - 1]) && i > 0);
  });
}
