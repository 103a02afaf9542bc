import { expect, it } from "vitest";
import { allowedValues, showValue } from "../core/option-value.ts";
import type { OptionSpec } from "../core/options.ts";
import { workloads } from "../workload/registry.ts";
import { defaultWorkloads, makeConfig } from "./config.ts";
import { doctorOptions } from "./doctor-options.ts";
import { exitStatuses } from "./help.ts";
import { environmentName, jobOptions } from "./options.ts";
import { planOptions } from "./plan-options.ts";
import { splitLine } from "./workload-line.ts";

const exampleFile = `servers-per-node = 2
storage = "/nvme0/me,/nvme1/me"
durability = "device"
client-buffers = "128MiB"
workloads = [
  "ior -w -r -F -t 4m -b 1g",
  "mdtest -n 1000 -F -u",
]
`;

/** docs/configuration.md, from the same rows as the parser and the help. */
function configurationPage(): string {
  const groups = [...new Set(jobOptions.map(({ group }) => group))];
  return `# Configuration

<!-- Generated from src/launcher/options.ts; after a change: npx vitest run src/launcher/configuration-doc.test.ts -u -->

Every option of \`node . run\` can be given in four places. The first one that has it wins:

1. the command line, before the workload's name: \`--servers-per-node 2\`, \`--servers-per-node=2\`, \`-n 4\`, \`-n4\`;
   a switch is taken back with \`--no-keep\`;
2. the environment: \`${environmentName("servers-per-node")}=2\` (switches: true or false). Only the variables of rank 0 count;
3. the TOML file of \`--config\`: \`servers-per-node = 2\`;
4. the default.

What is not known, or not allowed, is refused before anything starts, with the nearest name or the allowed values.
A size is a number of bytes, or one with k, m, g, t or KiB, MiB, GiB, TiB (powers of 1024) or kB, MB, GB, TB (powers
of 1000).

The folder of the results holds \`config.toml\`: every value that was used and where it came from. Given as \`--config\`
it repeats the run.

${groups.map(groupSection).join("\n")}
## Workloads

The first word that is no option is the workload's name, and all after it are its own options, as in
\`node . run --window 16 ior -w -r -t 4m -b 1g -F\`. \`node . run ior --help\` lists them. Several workloads run one
after the other when the file of \`--config\` names them:

\`\`\`toml
${exampleFile}\`\`\`

A workload on the command line replaces those of the file. Without both, ${defaultWorkloads.map((line) => `\`${line}\``).join(" and ")} run.

| workload | what it does |
|---|---|
${Object.values(workloads)
  .map(({ name, about }) => `| \`${name}\` | ${about} |`)
  .join("\n")}

## Who serves

On each node the first ranks are servers: half of the node's ranks (at least one), or as many as \`--servers-per-node\`,
\`--clients-per-node\` or \`--clients-per-server\` make. With \`--dedicated-servers N\` all ranks of the first N nodes are
servers, and all other ranks are clients. \`--rank-map\` says it rank by rank. These ways exclude each other (but for the
first two, which must add up to the node's ranks): given in the same place they are refused, given in two places the
stronger one holds. Storage paths are dealt to the servers of a node in turn, and server rank r keeps its data in
\`<path>/rank-<r>\`.

## Who runs where

With \`--bind auto\` each rank gets one core with its hardware threads, and memory of that core's NUMA node, all within
the CPUs that cgroup, scheduler and launcher leave to the rank: where mpirun has bound ranks, the map is made within its
bindings. Memory without CPUs (HBM, NVM, GPUs) is nobody's NUMA node. Where a node has more ranks than cores nobody is
bound. Whatever falls short of what was asked for, the rank map says: more ranks than cores, servers that found no core
near their device, storage paths that no server has.

After it has bound itself, each rank touches its pinned memory and asks the kernel where it runs and where that memory
lies. \`rankmap.csv\` has the answer beside the plan, each result row the smallest local share, and the screen each
deviation with its reason, such as a container that forbids to bind memory.

A map file is CSV with a line for each rank. To change a map, edit the \`rankmap.csv\` of a run, or what
\`node . plan --print csv\` prints ([before-a-run.md](before-a-run.md)):

\`\`\`
rank,role,cpus
0,server,0-1
1,client,2-3
2,client,
\`\`\`

A rank without \`cpus\` is placed as the other options say, on cores that the file has not given away. With a column
\`host\` the file holds for these hosts only.

## Starting

Under mpirun or srun (\`srun --mpi=pmix\` for Open MPI) each process is one rank. Otherwise \`node . run\` starts mpirun on
this host itself, with 4 ranks or those of \`-n\`; then \`OMPI_MCA_btl_tcp_if_include\`, \`OMPI_MCA_oob_tcp_if_include\` and
\`UCX_NET_DEVICES\` are set to \`lo\` unless they are set already, or the job has an allocation of several nodes.

The first SIGINT (Ctrl-C), SIGTERM or SIGHUP ends a run in order: what was measured is written, storage is removed. For a
run under mpirun send SIGUSR2 to mpirun when it needs longer than a second for that: of SIGTERM Open MPI makes SIGTERM to
the ranks and SIGKILL a second later.

## Exit status

| status | meaning |
|---|---|
${exitStatuses.map(({ status, about }) => `| ${status} | ${about} |`).join("\n")}

A rank that was killed makes mpirun return 4, since the lead reports the loss first; srun returns 137, the largest one.
`;
}

function groupSection(group: string): string {
  const rows = jobOptions
    .filter((spec) => spec.group === group)
    .map((spec: OptionSpec) => {
      const option = spec.letter === undefined ? `\`--${spec.name}\`` : `\`--${spec.name}\`, \`-${spec.letter}\``;
      const value = spec.default === undefined ? "" : `\`${showValue(spec, spec.default)}\``;
      return `| ${option} | \`${environmentName(spec.name)}\` | ${allowedValues(spec)} | ${value} | ${spec.about} |`;
    });
  return `## ${group}\n\n| option | environment | value | default | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

it("docs/configuration.md is what the table of options says", async () => {
  await expect(configurationPage()).toMatchFileSnapshot("../../docs/configuration.md");
});

it("every letter and name is there once, also beside the options of other commands", () => {
  const names = [...jobOptions, ...planOptions].map(({ name }) => name);
  for (const { name } of doctorOptions) expect(names).not.toContain(name);
  const letters = jobOptions.flatMap((spec) => ("letter" in spec ? [spec.letter] : []));
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(letters).size).toBe(letters.length);
});

it("the default job is one that the workloads take", () => {
  const config = makeConfig({ argv: [], environment: {}, workloads });
  expect(config.workloads.map(({ name }) => name)).toEqual(["ior", "mdtest"]);
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
});

it("the examples of the workloads are ones that they take", () => {
  for (const line of Object.values(workloads).flatMap(({ examples }) => examples)) {
    const { workloads: runs } = makeConfig({ argv: splitLine(line), environment: {}, workloads });
    expect(runs).toHaveLength(1);
  }
});
