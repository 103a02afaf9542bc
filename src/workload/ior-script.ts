import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { ownSpelling } from "./common-options.ts";
import { iorOptions } from "./ior-options.ts";
import { iorRefused } from "./ior-refused.ts";

/** A directive's name without what differs between IOR's spelling and ours: IOR does not look at case either. */
function bare(name: string): string {
  return name.replaceAll("-", "").toLowerCase();
}

const optionOf = new Map(iorOptions.map((spec) => [bare(spec.name), spec]));
const whyRefused = new Map(Object.entries(iorRefused).map(([name, why]) => [bare(name), why]));
/** IOR knows these by two names. */
const aliases: Readonly<Record<string, string>> = { reordertasksconstant: "reordertasks" };

/**
 * Turns one directive (`blockSize=4m`, `filePerProc = 1`) into a word of the command line (`--block-size=4m`).
 * @throws BenchError ERR_CONFIG if it is none, is unknown, or is one that we refuse.
 */
function directiveWord(directive: string): string {
  const [, name, value] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(directive) ?? [];
  if (name === undefined || value === undefined) {
    throw new BenchError("ERR_CONFIG", `ior: "${directive.trim()}" is no directive: name=value`, { option: "-O" });
  }
  const key = aliases[bare(name)] ?? bare(name);
  const spec = optionOf.get(key);
  if (spec !== undefined && spec.name !== "directives" && spec.name !== "script-file") {
    const isSwitch = spec.type === "boolean" && /^\d+$/.test(value);
    return `--${spec.name}=${isSwitch ? String(Number(value) !== 0) : value}`;
  }
  const why = whyRefused.get(key);
  const hint = why === undefined ? didYouMean(key, [...optionOf.keys()]) : `: ${why}`;
  const message = `ior: directive ${name} is ${why === undefined ? "unknown" : "not supported"}${hint}`;
  throw new BenchError("ERR_CONFIG", message, { option: name });
}

/** The value of `-X value`, `-Xvalue`, `-X=value`, `--long value` or `--long=value` at `argv[i]`, and its words. */
function valueAt(argv: readonly string[], i: number, letter: string, long: string): [string, number] | undefined {
  const word = ownSpelling(argv[i]!);
  if (word === `-${letter}` || word === `--${long}`) return [argv[i + 1] ?? "", 2];
  if (word.startsWith(`--${long}=`)) return [word.slice(long.length + 3), 1];
  return word.startsWith(`-${letter}`) ? [word.slice(2).replace(/^=/, ""), 1] : undefined;
}

/** Replaces each `-O a=1,b=2` by the options that it names. @throws BenchError ERR_CONFIG. */
export function expandDirectives(argv: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [text, count] = valueAt(argv, i, "O", "directives") ?? [];
    if (text === undefined) words.push(argv[i]!);
    else words.push(...text.split(",").map(directiveWord));
    i += (count ?? 1) - 1;
  }
  return words;
}

/**
 * The command lines that one stands for: with `-f script` one for each RUN of the script, on top of the other options;
 * without, itself. Reads the script, otherwise touches nothing.
 * @throws BenchError ERR_CONFIG with the line of the script.
 */
export function expandScript(argv: readonly string[]): readonly (readonly string[])[] {
  for (let i = 0; i < argv.length; i++) {
    const [path, count] = valueAt(argv, i, "f", "script-file") ?? [];
    if (path === undefined) continue;
    const others = argv.toSpliced(i, count!);
    return readScript(path).map((directives) => [...others, ...directives]);
  }
  return [argv];
}

/** The options of each RUN, which keeps those of the runs before it, as in IOR. */
function readScript(path: string): string[][] {
  const lines = readLines(path).map((line) => line.replace(/#.*/, "").trim());
  const start = lines.findIndex((line) => /^ior start$/i.test(line));
  const stop = lines.findIndex((line, index) => index > start && /^ior stop$/i.test(line));
  if (start === -1 || stop === -1) {
    throw new BenchError("ERR_CONFIG", `ior: ${path} has no "IOR START" followed by an "IOR STOP"`, { path });
  }
  // By name, so that a directive that is given again replaces the earlier one.
  const options = new Map<string, string>();
  const runs: string[][] = [];
  let isOpen = true;
  for (const [index, line] of lines.entries()) {
    if (index <= start || index >= stop || line === "") continue;
    isOpen = !/^run$/i.test(line);
    if (!isOpen) runs.push([...options.values()]);
    else for (const word of directivesOf(line, `${path}:${index + 1}`)) options.set(word.split("=")[0]!, word);
  }
  // Directives after the last RUN are a run of their own, and no RUN at all is one.
  if (isOpen) runs.push([...options.values()]);
  return runs;
}

function directivesOf(line: string, where: string): string[] {
  try {
    return line.split(",").map(directiveWord);
  } catch (error) {
    throw new BenchError("ERR_CONFIG", `${where}: ${(error as Error).message}`, { where }, { cause: error });
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(resolve(path), "utf8").split("\n");
  } catch (error) {
    const message = `ior: cannot read the script ${path}: ${(error as Error).message}`;
    throw new BenchError("ERR_CONFIG", message, { option: "-f", path }, { cause: error });
  }
}
