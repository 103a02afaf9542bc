import { BenchError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";
import type { OptionSpec, OptionValue } from "./options.ts";
import { formatSize, parseSize } from "./units.ts";

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads one value of an option, wherever it comes from.
 * @param where How the user wrote it: "--window", "BENCHFS_WINDOW", "window in job.toml".
 * @throws BenchError ERR_CONFIG naming `where`, the value and what is allowed.
 */
export function parseValue(spec: OptionSpec, value: unknown, where: string): OptionValue {
  const parsed = typeof value === "string" ? fromText(spec, value.trim()) : fromTyped(spec, value);
  if (parsed !== undefined && inRange(spec, parsed)) return parsed;
  throw refusedValue(spec, value, where);
}

/** The error of a value that an option does not take. */
export function refusedValue(spec: OptionSpec, value: unknown, where: string): BenchError {
  const hint = typeof value === "string" && spec.choices !== undefined ? didYouMean(value, spec.choices) : "";
  const shown = value === "" ? "no value" : typeof value === "string" ? `"${value}"` : JSON.stringify(value);
  return new BenchError("ERR_CONFIG", `${where}: ${shown} given, but it takes ${allowedValues(spec)}${hint}`, {
    option: spec.name,
    value: String(value),
  });
}

function fromText(spec: OptionSpec, text: string): OptionValue | undefined {
  if (text === "") return undefined;
  if (spec.choices?.includes(text)) return text;
  switch (spec.type) {
    case "size":
      return parseSize(text);
    case "integer":
    case "count":
    case "number":
      return decimal.test(text) ? Number(text) : undefined;
    case "boolean":
      return /^(true|yes|on|1)$/i.test(text) ? true : /^(false|no|off|0)$/i.test(text) ? false : undefined;
    case "string":
      return text;
    case "choice":
      return undefined;
  }
}

/** A value that has a type already, from a configuration file. */
function fromTyped(spec: OptionSpec, value: unknown): OptionValue | undefined {
  if (typeof value === "boolean") return spec.type === "boolean" ? value : undefined;
  if (typeof value !== "number") return undefined;
  return ["size", "integer", "count", "number"].includes(spec.type) ? value : undefined;
}

function inRange(spec: OptionSpec, value: OptionValue): boolean {
  if (typeof value !== "number") return true;
  if (!Number.isFinite(value) || (spec.type !== "number" && !Number.isSafeInteger(value))) return false;
  return value >= (spec.min ?? Number.NEGATIVE_INFINITY) && value <= (spec.max ?? Number.POSITIVE_INFINITY);
}

/** What an option takes, for messages and docs: "a whole number from 1 to 8192", "one of auto, none". */
export function allowedValues(spec: OptionSpec): string {
  const words = spec.choices?.join(", ") ?? "";
  switch (spec.type) {
    case "choice":
      return `one of ${words}`;
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    case "count":
      return `no value, up to ${spec.max} times`;
    case "size":
      return `a size (4m, 4MiB, 4194304)${rangeOf(spec)}${words && `, or ${words}`}`;
    case "integer":
      return `a whole number${rangeOf(spec)}${words && `, or ${words}`}`;
    case "number":
      return `a number${rangeOf(spec)}${words && `, or ${words}`}`;
  }
}

/** " from 1 to 8", " of at least 4KiB", or "" when every number is allowed. */
export function rangeOf(spec: OptionSpec): string {
  const { min, max } = spec;
  if (min !== undefined && max !== undefined) return ` from ${showValue(spec, min)} to ${showValue(spec, max)}`;
  if (min !== undefined) return ` of at least ${showValue(spec, min)}`;
  return max === undefined ? "" : ` of at most ${showValue(spec, max)}`;
}

/** A value as a user would write it: sizes with their unit ("64MiB"). */
export function showValue(spec: OptionSpec, value: OptionValue): string {
  return spec.type === "size" && typeof value === "number" ? formatSize(value).replace(" ", "") : String(value);
}
