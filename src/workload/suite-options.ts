import type { OptionSpec } from "../core/options.ts";
import { absolutePath, parseWorkload } from "./common-options.ts";

/** Stonewalls in seconds: of a run that counts, and of a rehearsal. */
export const fullStonewallS = 300;
const shortStonewallS = 5;

export interface SuiteParams {
  /** Seconds that each write phase, and the random reads, last at least. */
  readonly stonewallS: number;
  /** Made by the suite, and removed at its end. */
  readonly directory: string;
  /** Of the data: another one in every run, so that what an earlier one left is never taken for this one's. */
  readonly seed: number;
}

export const suiteOptions: readonly OptionSpec[] = [
  {
    name: "short",
    type: "boolean",
    default: false,
    about: `A rehearsal of about a minute: a stonewall of ${shortStonewallS} s. Its score is marked as not valid.`,
  },
  {
    name: "stonewall",
    letter: "D",
    type: "number",
    min: 0.1,
    max: 86_400,
    about:
      `Seconds that each write phase goes on, until the clients have worn out what the fastest has done; without it ` +
      `${fullStonewallS}. A score counts only with ${fullStonewallS}.`,
  },
  {
    name: "directory",
    letter: "d",
    type: "string",
    default: "suite",
    about: "Where to work; made if it is missing. The suite makes a directory of its own in it, and removes that.",
  },
];

export const suiteUsage = "suite [options]";
export const suiteExamples = ["suite --short", "suite"];

/** @throws BenchError ERR_CONFIG. */
export function parseSuite(argv: readonly string[]): SuiteParams {
  const info = { command: "suite", usage: suiteUsage, examples: suiteExamples };
  const values = parseWorkload(suiteOptions, {}, argv, info);
  const standardS = values.short === true ? shortStonewallS : fullStonewallS;
  const seed = Math.floor(Date.now() / 1000) % 2 ** 31;
  return {
    stonewallS: (values.stonewall as number | undefined) ?? standardS,
    directory: `${absolutePath(values.directory as string, "suite: -d, --directory")}/${seed}`,
    seed,
  };
}
