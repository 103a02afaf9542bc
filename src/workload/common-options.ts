import { BenchError } from "../core/errors.ts";
import type { OptionSpec, OptionValues } from "../core/options.ts";
import { type CommandInfo, parseOptions } from "../core/parse-options.ts";

/** Ours, in every workload: neither IOR nor mdtest keeps several operations of a task in flight. */
export const queueDepthOption: OptionSpec = {
  name: "queue-depth",
  type: "integer",
  default: 1,
  min: 1,
  max: 1024,
  about: "Operations of each client in flight at a time; IOR and mdtest have 1.",
};

/** What IOR and mdtest call the type of their data packets. A type may be given by its first letter, as there. */
export const packetTypes = ["timestamp", "offset", "incompressible", "random"] as const;
export type PacketType = (typeof packetTypes)[number];

export const packetTypeOption: OptionSpec = {
  name: "data-packet-type",
  type: "choice",
  choices: [...packetTypes, "t", "o", "i", "r"],
  about:
    "What the data are between the stamps of each 512 bytes: words that count up (timestamp), each word's own offset, " +
    "pseudo-random bytes that repeat after 64 KiB (incompressible), pseudo-random bytes that never repeat (random).",
  default: "timestamp",
};

/** The type that a value of `packetTypeOption` names. */
export function packetTypeOf(value: unknown): PacketType {
  return packetTypes.find((type) => type === value || type[0] === value)!;
}

/**
 * Parses the options of a workload that shares its letters with a known tool.
 * @param refused That tool's letters and long names that are not here, and why ("-c": "collective I/O is MPI-IO's").
 * @throws BenchError ERR_CONFIG.
 */
export function parseWorkload(
  specs: readonly OptionSpec[],
  refused: Readonly<Record<string, string>>,
  argv: readonly string[],
  info: CommandInfo,
): OptionValues {
  try {
    const { values, rest } = parseOptions(specs, argv.map(ownSpelling), info);
    if (rest.length === 0) return values;
    throw new BenchError("ERR_CONFIG", `${info.command}: "${rest[0]}" is no option; all arguments are options`);
  } catch (error) {
    const option = error instanceof BenchError ? error.where.option : undefined;
    const why = option === undefined ? undefined : refused[option];
    if (why === undefined) throw error;
    throw new BenchError("ERR_CONFIG", `${info.command}: ${option} is not supported: ${why}`, { option: option! });
  }
}

/** Long names of IOR and mdtest as we spell them: `--dataPacketType=r` is `--data-packet-type=r`. */
export function ownSpelling(word: string): string {
  const [, name, value] = /^--([a-zA-Z0-9.]+)(=.*)?$/s.exec(word) ?? [];
  if (name === undefined) return word;
  const kebab = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  return `--${kebab}${value ?? ""}`;
}

/**
 * Turns what users of IOR and mdtest write ("testFile", "./out/") into a path within the file system ("/testFile").
 * @throws BenchError ERR_CONFIG if it leads out of it.
 */
export function absolutePath(path: string, option: string): string {
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.length > 0 && !components.includes("..")) return `/${components.join("/")}`;
  throw new BenchError("ERR_CONFIG", `${option} "${path}" is no path within the file system under test`, {
    option,
    path,
  });
}
