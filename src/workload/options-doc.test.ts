import { expect, it } from "vitest";
import { allowedValues, showValue } from "../core/option-value.ts";
import type { OptionSpec } from "../core/options.ts";
import { ior } from "./ior.ts";
import { iorRefused } from "./ior-refused.ts";
import { mdtest } from "./mdtest.ts";
import { mdtestRefused } from "./mdtest-refused.ts";

const workloads = [
  { ...ior, refused: iorRefused },
  { ...mdtest, refused: mdtestRefused },
];

/** docs/workload-options.md, from the same rows as the parsers and the help. */
function optionsPage(): string {
  return `# Options of ior and mdtest

<!-- Generated from src/workload/*-options.ts; after a change: npx vitest run src/workload/options-doc.test.ts -u -->

What follows the name of the workload on the command line, or in \`workloads\` of the configuration file.
\`node . run ior --help\` shows the same. Letters are those of IOR and mdtest; long names are theirs too where they have
one, in our spelling or theirs: \`--data-packet-type\` is \`--dataPacketType\`, and \`-O blockSize=4m\` is \`--block-size 4m\`.
A switch is taken back with \`--no-fsync\`. A size is a number of bytes, or one with k, m, g, t or KiB, MiB, GiB, TiB.

${workloads.map(section).join("\n")}`;
}

function section({ name, about, options, refused }: (typeof workloads)[number]): string {
  const rows = Object.entries(refused).map(([option, why]) => `| \`${option}\` | ${why} |`);
  const missing = `### Refused, by name and with the reason\n\n| option | why |\n|---|---|\n${rows.join("\n")}\n`;
  return `## ${name}\n\n${about}\n\n${optionTables(options)}\n${missing}`;
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

it("docs/workload-options.md is what the tables of options say", async () => {
  await expect(optionsPage()).toMatchFileSnapshot("../../docs/workload-options.md");
});

it.each(workloads)("every letter and name of $name is there once, and not refused too", ({ options, refused }) => {
  const names = options.flatMap(({ name, letter }) => [`--${name}`, ...(letter ? [`-${letter}`] : [])]);
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(refused)) expect(names).not.toContain(name);
});
