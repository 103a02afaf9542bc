import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as toml from "smol-toml";
import { BenchError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { parseValue } from "../core/option-value.ts";
import type { OptionSpec, OptionValue } from "../core/options.ts";
import { splitLine } from "./workload-line.ts";

const workloadsKey = "workloads";

export interface ConfigFile {
  readonly options: ReadonlyMap<string, OptionValue>;
  /** Words of each line of `workloads`; undefined if the file has none. */
  readonly workloads: readonly (readonly string[])[] | undefined;
}

/**
 * Reads a TOML file whose keys are the options of a table, and `workloads`.
 * @throws BenchError ERR_CONFIG: no such file, not TOML (with line and column), a key or value that is not allowed.
 */
export function readConfigFile(path: string, specs: readonly OptionSpec[]): ConfigFile {
  const options = new Map<string, OptionValue>();
  let workloads: ConfigFile["workloads"];
  for (const [key, value] of Object.entries(readToml(path))) {
    const spec = specs.find(({ name }) => name === key);
    if (spec !== undefined) options.set(key, parseValue(spec, value, `${path}: ${key}`));
    else if (key === workloadsKey) workloads = readLines(path, value);
    else {
      const hint = didYouMean(key, [...specs.map(({ name }) => name), workloadsKey]);
      throw new BenchError("ERR_CONFIG", `${path}: unknown key ${key}${hint}`, { path, option: key });
    }
  }
  return { options, workloads };
}

function readToml(path: string): Record<string, unknown> {
  try {
    const { parse }: typeof toml = createRequire(import.meta.url)("smol-toml");
    return parse(readFileSync(path, "utf8"));
  } catch (error) {
    const message = `cannot read the configuration file ${path}: ${(error as Error).message.trim()}`;
    throw new BenchError("ERR_CONFIG", message, { path }, { cause: error });
  }
}

function readLines(path: string, value: unknown): string[][] {
  if (Array.isArray(value) && value.length > 0 && value.every((line) => typeof line === "string")) {
    return value.map(splitLine);
  }
  const message = `${path}: ${workloadsKey} must be a list of command lines such as ["ior -w -r", "mdtest -n 100"]`;
  throw new BenchError("ERR_CONFIG", message, { path, option: workloadsKey });
}
