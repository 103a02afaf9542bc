import { BenchError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";

/** What the launcher has to know of a workload: its name, and how its arguments become parameters (plain JSON). */
export interface WorkloadParser {
  readonly name: string;
  /** The command lines that one stands for, if it names a script of several. */
  expand?(argv: readonly string[]): readonly (readonly string[])[];
  parse(argv: readonly string[]): unknown;
}

/** A workload to run: as it was asked for, and read. */
export interface WorkloadRun {
  readonly name: string;
  readonly argv: readonly string[];
  /** What the workload's `parse` made of `argv`; plain JSON. */
  readonly params: unknown;
}

/**
 * Splits "ior -w -o 'my file'" at spaces; single and double quotes keep words together, nothing else is special.
 * @throws BenchError ERR_CONFIG when a quote is not closed.
 */
export function splitLine(line: string): string[] {
  const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const unread = line.replaceAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g, "").trim();
  if (unread !== "") throw new BenchError("ERR_CONFIG", `workload ${line}: a quote is not closed`, { workload: line });
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** The line that `splitLine` makes these words of. A word must not hold both kinds of quotes. */
export function joinLine(words: readonly string[]): string {
  return words
    .map((word) => (/^[^\s"']+$/.test(word) ? word : word.includes('"') ? `'${word}'` : `"${word}"`))
    .join(" ");
}

/**
 * Reads the workloads of one line: one, or those of the script that it names.
 * @throws BenchError ERR_CONFIG for an unknown name, with the nearest one, and for what the workload refuses.
 */
export function readWorkloads(
  words: readonly string[],
  known: Readonly<Record<string, WorkloadParser>>,
): WorkloadRun[] {
  const [name = "", ...argv] = words;
  const workload = Object.hasOwn(known, name) ? known[name] : undefined;
  if (workload !== undefined) {
    const lines = workload.expand?.(argv) ?? [argv];
    return lines.map((line) => ({ name, argv: line, params: workload.parse(line) }));
  }
  const names = Object.keys(known);
  const hint = didYouMean(name, names);
  throw new BenchError("ERR_CONFIG", `unknown workload "${name}"${hint}; there are ${names.join(", ")}`, {
    workload: name,
  });
}
