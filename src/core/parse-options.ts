import { createRequire } from "node:module";
import type yargs from "yargs";
import { BenchError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";
import { parseValue, refusedValue } from "./option-value.ts";
import type { OptionSpec, OptionValue, OptionValues } from "./options.ts";

/** What a table of options belongs to, for messages and help. */
export interface CommandInfo {
  /** "run", "ior". */
  readonly command: string;
  /** "ior [options]". */
  readonly usage: string;
  /** Command lines to learn from. */
  readonly examples?: readonly string[];
}

export interface ParsedOptions {
  /** Every option of the table: given, or else its default, or else undefined. */
  readonly values: OptionValues;
  /** Names of the options that were on the command line. */
  readonly given: ReadonlySet<string>;
  /** The first word that is no option, and everything after it, as it was. */
  readonly rest: readonly string[];
  /** `--help` or `-h` was given; then the other options were not checked. */
  readonly help: boolean;
}

/**
 * Reads options up to the first word that is none. Understood: `--name value`, `--name=value`, `-t 4m`, `-t4m`,
 * `-t=4m`, bundled letters (`-wr`), `--no-keep`; the last one given wins.
 * @throws BenchError ERR_CONFIG naming the option, the value and what is allowed, or the nearest name.
 */
export function parseOptions(specs: readonly OptionSpec[], argv: readonly string[], info: CommandInfo): ParsedOptions {
  const { command } = info;
  const { _: words, ...options } = tokenize(specs, argv, command);
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const values: Record<string, OptionValue | undefined> = {};
  for (const { name, default: value } of specs) values[name] = value;
  const rest = argv.slice(argv.length - words.length);
  if (options.help === true) return { values, given: new Set(), rest, help: true };

  checkSwitches(specs, argv.slice(0, argv.length - words.length), command);
  const given = new Set<string>();
  for (const [name, value] of Object.entries(options)) {
    const spec = byName.get(name);
    if (spec === undefined) throw unknownOption(name, specs, command);
    if (value === undefined || (spec.type === "count" && value === 0)) continue;
    values[name] = parseValue(spec, value, written(spec, command));
    given.add(name);
  }
  return { values, given, rest, help: false };
}

/** How an option is named in messages. */
function written({ name, letter }: OptionSpec, command: string): string {
  return `${command}: ${letter ? `-${letter}, ` : ""}--${name}`;
}

/** `--random-offset=2`, which yargs would count as one: the switch twice. What is no number stays for the check. */
function repeatCounted(specs: readonly OptionSpec[], word: string): string[] {
  const [, name, times] = /^--([^=]+)=(\d+)$/.exec(word) ?? [];
  const spec = specs.find((spec) => spec.type === "count" && spec.name === name);
  if (spec === undefined) return [word];
  return new Array<string>(Math.min(Number(times), spec.max! + 1)).fill(`--${name}`);
}

/** `--keep=yes`: yargs takes whatever is not "true" for false. */
function checkSwitches(specs: readonly OptionSpec[], words: readonly string[], command: string): void {
  for (const word of words) {
    const [, dashes, name, value] = /^(--?)([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || value === "true" || value === "false") continue;
    const spec = specs.find((spec) => (dashes === "--" ? spec.name === name : spec.letter === name.at(-1)));
    if (spec === undefined) continue;
    const isNoCount = spec.type === "count" && !/^\d+$/.test(value!);
    if (spec.type === "boolean" || isNoCount) throw refusedValue(spec, value, written(spec, command));
  }
}

type Tokens = Record<string, unknown> & { readonly _: readonly unknown[] };

/** Splits the command line with yargs; values stay text, so that one function reads them from every source. */
function tokenize(specs: readonly OptionSpec[], argv: readonly string[], command: string): Tokens {
  // Loading yargs takes 100 ms of CPU, and most ranks never parse anything.
  const create: typeof yargs = createRequire(import.meta.url)("yargs");
  const parser = create([])
    .parserConfiguration({
      "boolean-negation": true,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "halt-at-non-option": true,
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "strip-aliased": true,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .option("help", { alias: "h", type: "boolean" });
  for (const { name, letter, type } of specs) {
    const kind = type === "boolean" || type === "count" ? type : "string";
    parser.option(name, { ...(letter && { alias: letter }), type: kind });
  }
  try {
    const words = argv.flatMap((word) => repeatCounted(specs, word));
    const { $0, ...tokens } = parser.parseSync(words.map((word) => separateValue(specs, word)));
    return tokens;
  } catch (error) {
    throw new BenchError(
      "ERR_CONFIG",
      `${command}: cannot read the options: ${(error as Error).message}`,
      {},
      {
        cause: error,
      },
    );
  }
}

/** `-t4m` and `-wt4m` as IOR and mdtest take them, which yargs would read as four letters: `-t=4m`, `-wt=4m`. */
function separateValue(specs: readonly OptionSpec[], word: string): string {
  if (!/^-[a-z]./i.test(word)) return word;
  for (let i = 1; i < word.length; i++) {
    if (word[i] === "=") return word;
    const spec = specs.find(({ letter }) => letter === word[i]);
    if (spec?.type === "boolean" || spec?.type === "count") continue;
    const value = word.slice(i + 1);
    return value === "" || value.startsWith("=") ? word : `${word.slice(0, i + 1)}=${value}`;
  }
  return word;
}

function unknownOption(name: string, specs: readonly OptionSpec[], command: string): BenchError {
  const shown = name.length === 1 ? `-${name}` : `--${name}`;
  const names = specs.map((spec) => `--${spec.name}`);
  const letters = specs.flatMap(({ letter }) => (letter === undefined ? [] : [`-${letter}`]));
  // One letter is near every other: say which ones there are.
  const hint = name.length === 1 ? `; it has ${letters.join(" ")}` : didYouMean(shown, names);
  return new BenchError("ERR_CONFIG", `${command}: unknown option ${shown}${hint}`, { option: shown });
}
