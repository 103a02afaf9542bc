import { createRequire } from "node:module";
import type * as toml from "smol-toml";
import { showValue } from "../core/option-value.ts";
import type { OptionSpec, OptionValue } from "../core/options.ts";
import { fileOptions, type RunConfig } from "./config.ts";
import { joinLine } from "./workload-line.ts";

/**
 * The configuration as a TOML file beside the results: each value, and where it came from. As the `--config` of
 * another run it repeats this one; only the folder of the results is a comment, so that they do not mix.
 */
export function configRecord(config: RunConfig): string {
  const { stringify }: typeof toml = createRequire(import.meta.url)("smol-toml");
  const line = (key: string, value: unknown, source: string): string =>
    `${stringify({ [key]: value }).trim()} # ${source}`;
  const lines = config.settings.flatMap(({ option, value, source }) => {
    const spec: OptionSpec | undefined = fileOptions.find(({ name }) => name === option);
    return spec === undefined || option === "out" ? [] : [line(option, recordedValue(spec, value), source)];
  });
  return [
    comment(`Run ${config.runId}: ${config.commandLine}`),
    comment(`Results: ${config.resultsPath}`),
    comment(`Storage: ${config.storagePaths.join(", ")}`),
    ...lines,
    line(
      "workloads",
      config.workloads.map(({ name, argv }) => joinLine([name, ...argv])),
      config.workloadsSource,
    ),
    "",
  ].join("\n");
}

/** One line, whatever the user typed. */
function comment(text: string): string {
  return `# ${text.replaceAll(/\s+/g, " ")}`;
}

/** Sizes with their unit, and relative paths as they were: the file stays in the words of the user. */
function recordedValue(spec: OptionSpec, value: OptionValue): OptionValue {
  return spec.type === "size" ? showValue(spec, value) : value;
}
