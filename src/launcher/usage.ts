import { readFileSync } from "node:fs";
import { failures } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import { buildHash } from "./build-hash.ts";
import type { Command } from "./main.ts";

type Commands = Readonly<Record<string, Command>>;

/**
 * Answers a command line that names no command: help, version, or what is wrong with it.
 * @returns Exit status.
 */
export function usage(word: string | undefined, commands: Commands): number {
  if (word === undefined || word === "--help" || word === "-h" || word === "help") console.log(help(commands));
  else if (word === "--version" || word === "-V") console.log(version());
  else {
    const names = Object.keys(commands);
    console.error(`benchfs: unknown command "${word}"${didYouMean(word, names)}; see node . --help`);
    return failures.ERR_CONFIG.exit;
  }
  return 0;
}

function help(commands: Commands): string {
  return [
    "BenchFS: a distributed file system and I/O benchmark that live as long as one MPI job.",
    "",
    "Usage: [mpirun -n RANKS] node . <command> [options]",
    "",
    "Commands:",
    ...Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(8)} ${about}`),
    "",
    "  --help, -h     this text; node . <command> --help: its options",
    "  --version, -V  version and build",
    "",
    "Start here:",
    "  node . run                                       a short verified run on this host",
    "  mpirun -n 8 node . run ior -w -r -t 4m -b 1g -F  a bandwidth test in an allocation",
  ].join("\n");
}

function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return `benchfs ${JSON.parse(manifest).version} (build ${buildHash()}, Node ${process.version})`;
}
