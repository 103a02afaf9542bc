import { expect, it } from "vitest";
import { allowedValues, showValue } from "../core/option-value.ts";
import type { OptionSpec } from "../core/options.ts";
import { iorRefused } from "./ior-refused.ts";
import { mdtestRefused } from "./mdtest-refused.ts";
import { workloads } from "./registry.ts";

const refused: Readonly<Record<string, Readonly<Record<string, string>>>> = { ior: iorRefused, mdtest: mdtestRefused };

/** docs/workload-options.md, from the same rows as the parsers and the help. */
function optionsPage(): string {
  return `# Options of the workloads

<!-- Generated from src/workload/*-options.ts; after a change: npx vitest run src/workload/options-doc.test.ts -u -->

What follows the name of a workload on the command line, or in \`workloads\` of the configuration file.
\`node . run ior --help\` shows the same. Letters are those of IOR and mdtest; long names are theirs too where they have
one, in our spelling or theirs: \`--data-packet-type\` is \`--dataPacketType\`, and \`-O blockSize=4m\` is \`--block-size 4m\`.
A switch is taken back with \`--no-fsync\`. A size is a number of bytes, or one with k, m, g, t or KiB, MiB, GiB, TiB.

${Object.values(workloads)
  .map(
    (workload) =>
      `## ${workload.name}\n\n${workload.about}\n\n${optionTables(workload.options)}${missing(workload.name)}`,
  )
  .join("\n")}`;
}

function optionTables(specs: readonly OptionSpec[]): string {
  const groups = [...new Set(specs.map(({ group }) => group ?? "Options"))];
  return groups
    .map((group) => {
      const rows = specs.filter((spec) => (spec.group ?? "Options") === group).map(optionRow);
      return `### ${group}\n\n| option | value | default | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
    })
    .join("\n");
}

function optionRow(spec: OptionSpec): string {
  const option = spec.letter === undefined ? `\`--${spec.name}\`` : `\`-${spec.letter}\`, \`--${spec.name}\``;
  const value = spec.default === undefined ? "" : `\`${showValue(spec, spec.default)}\``;
  return `| ${option} | ${allowedValues(spec)} | ${value} | ${spec.about} |`;
}

/** What the tool of this name has, and we refuse. */
function missing(name: string): string {
  const rows = Object.entries(refused[name] ?? {}).map(([option, why]) => `| \`${option}\` | ${why} |`);
  if (rows.length === 0) return "";
  return `\n### Refused, by name and with the reason\n\n| option | why |\n|---|---|\n${rows.join("\n")}\n`;
}

it("docs/workload-options.md is what the tables of options say", async () => {
  await expect(optionsPage()).toMatchFileSnapshot("../../docs/workload-options.md");
});

it.each(Object.values(workloads))("every letter and name of $name is there once, and not refused too", (workload) => {
  const names = workload.options.flatMap(({ name, letter }) => [`--${name}`, ...(letter ? [`-${letter}`] : [])]);
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(refused[workload.name] ?? {})) expect(names).not.toContain(name);
});
