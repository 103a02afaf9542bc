import { describe, expect, it } from "vitest";
import { describeOptions, helpText } from "./describe-options.ts";
import { BenchError } from "./errors.ts";
import type { OptionSpec } from "./options.ts";
import { parseOptions } from "./parse-options.ts";
import { MiB } from "./units.ts";

const specs: OptionSpec[] = [
  { name: "transfer-size", letter: "t", type: "size", default: 262_144, min: 1, about: "Bytes of one call." },
  { name: "segments", letter: "s", type: "integer", default: 1, min: 1, max: 1000, about: "Segments of a file." },
  { name: "write", letter: "w", type: "boolean", default: false, about: "Write phase." },
  { name: "read", letter: "r", type: "boolean", default: false, about: "Read phase." },
  { name: "pause", type: "number", min: 0, about: "Seconds between phases.", group: "Timing" },
  { name: "bind", type: "choice", choices: ["auto", "none"], default: "auto", about: "Binding.", group: "Timing" },
  { name: "spin-us", type: "integer", choices: ["auto"], min: 0, default: "auto", about: "Spin.", group: "Timing" },
  { name: "out", letter: "o", type: "string", about: "Folder of the results." },
];
const info = { command: "ior", usage: "ior [options]", examples: ["ior -w -t 4m"] };
const parse = (...argv: string[]) => parseOptions(specs, argv, info);

function failure(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    expect((error as BenchError).code).toBe("ERR_CONFIG");
    return (error as BenchError).message;
  }
  throw new Error(`accepted: ${argv.join(" ")}`);
}

describe("parseOptions", () => {
  it("gives defaults, and undefined without a default, for what is not on the command line", () => {
    const { values, given, rest, help } = parse();
    expect(values).toMatchObject({ "transfer-size": 262_144, segments: 1, write: false, bind: "auto" });
    expect(values.out).toBeUndefined();
    expect([...given]).toEqual([]);
    expect(rest).toEqual([]);
    expect(help).toBe(false);
  });

  it.each([
    [["-t", "4m"]],
    [["-t4m"]],
    [["-t=4m"]],
    [["--transfer-size", "4MiB"]],
    [["--transfer-size=4194304"]],
    [["-t1m", "-t", "4m"]],
  ])("reads a size from %j", (argv) => {
    const { values, given } = parse(...argv);
    expect(values["transfer-size"]).toBe(4 * MiB);
    expect([...given]).toEqual(["transfer-size"]);
  });

  it("reads bundled letters, with a value behind the last one", () => {
    expect(parse("-wr").values).toMatchObject({ write: true, read: true });
    expect(parse("-wrs16").values).toMatchObject({ write: true, read: true, segments: 16 });
    expect(parse("-ws", "16").values).toMatchObject({ write: true, segments: 16 });
  });

  it("takes a switch back with --no-", () => {
    const { values, given } = parse("-w", "--no-write");
    expect(values.write).toBe(false);
    expect(given.has("write")).toBe(true);
  });

  it("takes a switch with a value", () => {
    expect(parse("--write=true", "-r=true").values).toMatchObject({ write: true, read: true });
    expect(parse("-w", "-w=false").values.write).toBe(false);
    expect(parse("mdtest", "--write=yes").rest).toEqual(["mdtest", "--write=yes"]);
  });

  it("leaves everything from the first word that is no option as it was", () => {
    const workload = ["mdtest", "-n100", "-t4m", "--", "-w", "--bogus"];
    const { values, rest } = parse("-w", "-s", "2", ...workload);
    expect(rest).toEqual(workload);
    expect(values).toMatchObject({ write: true, segments: 2, "transfer-size": 262_144 });
  });

  it("takes a word instead of a number where the table has one", () => {
    expect(parse("--spin-us", "auto").values["spin-us"]).toBe("auto");
    expect(parse("--spin-us", "50").values["spin-us"]).toBe(50);
  });

  it("does not check the other options when help is asked for", () => {
    expect(parse("--help", "-s", "many").help).toBe(true);
    expect(parse("-h").help).toBe(true);
    expect(parse("mdtest", "-h").help).toBe(false);
  });

  it.each([
    [["-s", "0"], 'ior: -s, --segments: "0" given, but it takes a whole number from 1 to 1000'],
    [["-s", "1.5"], 'ior: -s, --segments: "1.5" given, but it takes a whole number from 1 to 1000'],
    [["-s", "0x10"], 'ior: -s, --segments: "0x10" given, but it takes a whole number from 1 to 1000'],
    [["-s"], "ior: -s, --segments: no value given, but it takes a whole number from 1 to 1000"],
    [["-t", "4q"], 'ior: -t, --transfer-size: "4q" given, but it takes a size (4m, 4MiB, 4194304) of at least 1B'],
    [["--pause", "-1"], 'ior: --pause: "-1" given, but it takes a number of at least 0'],
    [["--bind", "non"], 'ior: --bind: "non" given, but it takes one of auto, none (did you mean none?)'],
    [["--spin-us", "often"], 'ior: --spin-us: "often" given, but it takes a whole number of at least 0, or auto'],
    [["--transfer-sise", "4m"], "ior: unknown option --transfer-sise (did you mean --transfer-size?)"],
    [["--quux"], "ior: unknown option --quux"],
    [["-wq4m"], "ior: unknown option -q; it has -t -s -w -r -o"],
    [["--write=yes"], 'ior: -w, --write: "yes" given, but it takes true or false'],
    [["-rw="], "ior: -w, --write: no value given, but it takes true or false"],
    [["--no-segments"], "ior: -s, --segments: false given, but it takes a whole number from 1 to 1000"],
  ])("refuses %j", (argv, message) => {
    expect(failure(...argv)).toBe(message);
  });

  it("refuses names that mean something to JavaScript", () => {
    expect(failure("--__proto__", "1")).toContain("ior: ");
    expect(failure("--constructor", "1")).toContain("ior: ");
  });
});

describe("a switch that counts", () => {
  const counted: OptionSpec[] = [
    ...specs,
    { name: "random-offset", letter: "z", type: "count", min: 0, max: 2, default: 0, about: "Random." },
  ];
  const random = (...argv: string[]) => parseOptions(counted, argv, info);

  it.each([
    [[], 0],
    [["-z"], 1],
    [["-z", "-w", "-z"], 2],
    [["-zz"], 2],
    [["-wzzt4m"], 2],
    [["--random-offset"], 1],
    [["--random-offset=2"], 2],
    [["--random-offset=0"], 0],
  ])("%j is %d", (argv, times) => {
    const { values, given } = random(...argv);
    expect(values["random-offset"]).toBe(times);
    expect(given.has("random-offset")).toBe(times > 0);
  });

  it("has a limit, and its help says so", () => {
    expect(() => random("-zzz")).toThrow("-z, --random-offset: 3 given, but it takes no value, up to 2 times");
    expect(() => random("--random-offset=x")).toThrow('"x" given, but it takes no value, up to 2 times');
    expect(describeOptions(counted)).toContain("-z, --random-offset           Random. [up to 2 times]");
  });
});

describe("help", () => {
  it("names every option with its letter, values and default, in lines of at most 100 columns", () => {
    const text = describeOptions(specs);
    for (const { name } of specs) expect(text).toContain(`--${name}`);
    expect(text).toContain("-t, --transfer-size SIZE");
    expect(text).toContain("default 256KiB");
    expect(text).toMatch(/Timing:\n.*--pause/);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("shows usage, purpose and examples", () => {
    const text = helpText(info, "Large transfers.", specs);
    expect(text).toMatch(/^Usage: ior \[options\]\n\nLarge transfers\.\n\nOptions:\n/);
    expect(text).toMatch(/Examples:\n {2}ior -w -t 4m$/);
  });
});
