import { BenchError } from "../core/errors.ts";
import { chunkBytes } from "../core/limits.ts";
import type { OptionSpec } from "../core/options.ts";
import { parseOptions } from "../core/parse-options.ts";
import { KiB } from "../core/units.ts";

/** What is measured: round trips, requests a second, payload to the server, payload from it. */
export const rpcTests = ["latency", "rate", "put", "get"] as const;
export type RpcTest = (typeof rpcTests)[number];

/** Who talks: client 0 with server 0; each client with each server, one pair after the other; all clients at once. */
export const rpcPairs = ["one", "turn", "all"] as const;
export type RpcPairs = (typeof rpcPairs)[number];

export interface RpcParams {
  readonly tests: readonly RpcTest[];
  readonly pairs: readonly RpcPairs[];
  /** Of latency, put and get: 0 is for latency alone. */
  readonly sizesBytes: readonly number[];
  /** Requests in flight, of rate. */
  readonly windows: readonly number[];
  /** Transfers in flight, of put and get. */
  readonly window: number;
  readonly iterations: number;
  readonly largeIterations: number;
  readonly repetitions: number;
}

/** OSU's limit between small and large messages. */
export const largeBytes = 8 * KiB;

export const rpcOptions: readonly OptionSpec[] = [
  {
    name: "tests",
    letter: "t",
    type: "string",
    about: `What to measure, with commas: ${rpcTests.join(", ")}.`,
    default: rpcTests.join(","),
  },
  {
    name: "pairs",
    letter: "p",
    type: "string",
    about:
      "Who talks, with commas: one (client 0 with server 0), turn (each client with each server, one pair after the " +
      "other), all (all clients at once, each with a server of its own as far as there are as many).",
    default: "one,all",
  },
  {
    name: "min-size",
    type: "size",
    min: 0,
    max: chunkBytes,
    about: "Smallest payload; sizes double from there, 0 is followed by 1.",
    default: 0,
  },
  {
    name: "max-size",
    letter: "m",
    type: "size",
    min: 0,
    max: chunkBytes,
    about: "Largest payload.",
    default: chunkBytes,
  },
  {
    name: "max-window",
    letter: "W",
    type: "integer",
    min: 1,
    max: 1024,
    about: "Most requests of a client in flight for rate; windows double from 1.",
    default: 64,
  },
  {
    name: "window",
    letter: "w",
    type: "integer",
    min: 1,
    max: 1024,
    about: "Transfers of a client in flight for put and get.",
    default: 8,
  },
  {
    name: "iterations",
    letter: "i",
    type: "integer",
    min: 1,
    about: "Round trips, or transfers, of a client for each size up to 8 KiB; ten times as many requests for rate.",
    default: 10_000,
  },
  {
    name: "large-iterations",
    letter: "I",
    type: "integer",
    min: 1,
    about: "The same for each larger size.",
    default: 1000,
  },
  { name: "repetitions", letter: "r", type: "integer", min: 1, about: "Times to do everything.", default: 1 },
];

export const rpcUsage = "rpc [options]";
export const rpcExamples = ["rpc", "rpc -t latency -p turn -m 8", "rpc -t put,get --min-size 64k -w 16"];

/** `first` and its doubles up to `last`; 1 comes after 0. */
function doubling(first: number, last: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value = value === 0 ? 1 : 2 * value) values.push(value);
  return values;
}

function listOf<T extends string>(option: string, text: string, allowed: readonly T[]): readonly T[] {
  const words = text.split(",").map((word) => word.trim());
  const wrong = words.find((word) => !allowed.includes(word as T));
  if (wrong === undefined) return allowed.filter((word) => words.includes(word));
  const message = `rpc: ${option} "${wrong}" is none of ${allowed.join(", ")}`;
  throw new BenchError("ERR_CONFIG", message, { option });
}

/** @throws BenchError ERR_CONFIG. */
export function parseRpc(argv: readonly string[]): RpcParams {
  const info = { command: "rpc", usage: rpcUsage, examples: rpcExamples };
  const { values, rest } = parseOptions(rpcOptions, argv, info);
  if (rest.length > 0) throw new BenchError("ERR_CONFIG", `rpc: "${rest[0]}" is no option; all arguments are options`);
  const number = (name: string) => values[name] as number;
  const sizesBytes = doubling(number("min-size"), number("max-size"));
  if (sizesBytes.length === 0) {
    const message = `rpc: --min-size ${values["min-size"]} is more than --max-size ${values["max-size"]}`;
    throw new BenchError("ERR_CONFIG", message, { option: "--min-size" });
  }
  return {
    tests: listOf("--tests", values.tests as string, rpcTests),
    pairs: listOf("--pairs", values.pairs as string, rpcPairs),
    sizesBytes,
    windows: doubling(1, number("max-window")),
    window: number("window"),
    iterations: number("iterations"),
    largeIterations: number("large-iterations"),
    repetitions: number("repetitions"),
  };
}
