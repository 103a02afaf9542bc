/**
 * One row per option makes the parser, `--help`, the environment variable, the configuration key and the docs.
 * A size takes k/m/g/t and KiB/MiB/… and is whole bytes. A count is a switch that may be given several times (`-z -z`,
 * `-zz`, `--random-offset=2`); its value is how often.
 */
export interface OptionSpec {
  /** Long name, kebab-case: `--servers-per-node`, `BENCHFS_SERVERS_PER_NODE`, `servers-per-node = 2`. */
  readonly name: string;
  /** One letter, as in IOR and mdtest; case matters. */
  readonly letter?: string;
  readonly type: "size" | "integer" | "number" | "boolean" | "count" | "string" | "choice";
  /** Absent: the option has no value unless given. */
  readonly default?: string | number | boolean;
  /** Smallest and largest value allowed, for numbers and sizes. */
  readonly min?: number;
  readonly max?: number;
  /** Of a choice: the values. Of a number or size: words that may stand instead of one ("auto"). */
  readonly choices?: readonly string[];
  /** One sentence, with the unit. */
  readonly about: string;
  /** Heading in `--help`. */
  readonly group?: string;
}

/** Values by option name; an option without default that nobody gave is undefined. */
export type OptionValue = string | number | boolean;
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;
