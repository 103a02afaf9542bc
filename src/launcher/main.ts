#!/usr/bin/env node
// Every rank passes through here, so that what is not needed is not loaded: commands are imported when they are run.

/** A word behind `node .` */
export interface Command {
  readonly about: string;
  /** @returns Exit status. */
  run(argv: readonly string[]): Promise<number>;
}

const commands: Readonly<Record<string, Command>> = {
  run: {
    about: "start a job, or be a rank of it: run workloads on the storage of its nodes",
    run: async (argv) => (await import("./run.ts")).run(argv),
  },
  plan: {
    about: "show what a run would do: rank map, memory, load of each server; starts nothing",
    run: async (argv) => (await import("./plan.ts")).plan(argv),
  },
  doctor: {
    about: "examine every node of the job: could that run start here, and which nodes are slow",
    run: async (argv) => (await import("./doctor.ts")).doctor(argv),
  },
};

async function main([name, ...argv]: readonly string[]): Promise<number> {
  if (name !== undefined && Object.hasOwn(commands, name)) return commands[name]!.run(argv);
  return (await import("./usage.ts")).usage(name, commands);
}

process.exitCode = await main(process.argv.slice(2));
