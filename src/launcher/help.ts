import { describeRow, helpText } from "../core/describe-options.ts";
import { type FailureCode, failures } from "../core/errors.ts";
import { parseOptions } from "../core/parse-options.ts";
import { workloads } from "../workload/registry.ts";
import type { WorkloadDefinition } from "../workload/workload.ts";
import { defaultWorkloads, runInfo } from "./config.ts";
import { environmentName, jobOptions } from "./options.ts";

/** What each exit status says, in the order of the statuses. */
export const exitStatuses: readonly { readonly status: number; readonly about: string }[] = [
  { status: 0, about: "every phase ran and every byte that was checked was right" },
  ...Object.entries({
    ERR_CONFIG: "an option, the configuration file or the rank map is wrong; nothing was started",
    ERR_ENVIRONMENT: "this machine lacks something: mpirun, memory that may be locked, a library",
    ERR_PEER_LOST: "a rank died during the run; the rows of its phase and of later ones are not valid",
    ERR_STORAGE: "a storage path cannot be used, or failed",
    ERR_WORKLOAD: "operations of a workload failed, or data was wrong: the rows say which",
    ERR_BUG: "a bug of BenchFS: please report it with the message",
    ERR_INTERRUPTED: "stopped by a signal, in order: what was measured until then is written",
  } satisfies Record<FailureCode, string>).map(([code, about]) => ({
    status: failures[code as FailureCode].exit,
    about,
  })),
].sort((a, b) => a.status - b.status);

/**
 * The text for a command line of `run` that asks for help: of the job, or of the workload that it names.
 * @throws BenchError ERR_CONFIG when what is before the workload's name cannot be read.
 */
export function helpFor(argv: readonly string[]): string {
  const { help, rest } = parseOptions(jobOptions, argv, runInfo);
  const name = rest[0] ?? "";
  return !help && Object.hasOwn(workloads, name) ? workloadHelp(workloads[name]!) : runHelp();
}

function runHelp(): string {
  const names = Object.values(workloads).map(({ name, about }) => describeRow(`  ${name}`, about));
  const statuses = exitStatuses.map(({ status, about }) => `  ${String(status).padStart(3)}  ${about}`);
  const sections = [
    helpText(
      { ...runInfo, examples: [] },
      "Starts a distributed file system on the storage of this job's nodes, runs workloads on it, writes CSV, and ends.",
      jobOptions,
    ),
    ["Workloads (options of a workload: node . run <workload> --help):", ...names].join("\n"),
    `Without a workload: ${defaultWorkloads.map((line) => `"${line}"`).join(" and ")}.`,
    ["Examples:", ...runInfo.examples!.map((example) => `  ${example}`)].join("\n"),
    `Each option is also an environment variable (${environmentName("servers-per-node")}=2) and a key of the file of\n` +
      "--config (servers-per-node = 2). The command line wins over the environment, that over the file.",
    ["Exit status:", ...statuses].join("\n"),
  ];
  return sections.join("\n\n");
}

function workloadHelp({ name, usage, examples, about, options }: WorkloadDefinition<unknown>): string {
  const info = { command: name, usage: `node . run [job options] ${usage}`, examples };
  return helpText(info, about, options);
}
