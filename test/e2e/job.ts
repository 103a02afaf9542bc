import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { type Finished, mpirun } from "../mpirun.ts";

export type Row = Readonly<Record<string, string>>;

/** One job of a test with folders of its own, on tmpfs so that a test measures nothing but correctness. */
export class TestJob {
  readonly folder = mkdtempSync("/dev/shm/benchfs-test-");
  readonly storage = join(this.folder, "storage");
  readonly out = join(this.folder, "out");

  /** Runs `mpirun -n <ranks> node . run <options> <workload>` to its end. */
  run(ranks: number, args: readonly string[], options: Parameters<typeof mpirun>[2] = {}): Promise<Finished> {
    return mpirun(ranks, ["node", ".", "run", "--storage", this.storage, "--out", this.out, ...args], options);
  }

  rows(name: "results" | "ranks" | "servers" | "suite" | "ior" | "timeline" | "attribution" | "rankmap"): Row[] {
    return parse(readFileSync(join(this.out, `${name}.csv`), "utf8"), { columns: true });
  }

  /** What is left of the job besides its results. */
  get leftovers(): string[] {
    return readdirSync(this.folder).filter((name) => name !== "out");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Pids of rank processes that mention this folder: nothing of a job may outlive it. */
export function processesOf(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(folder));
}

export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // It is gone.
  }
}

/** The pid of a job's rank process (not of its supervisor), by world rank; undefined before it has started. */
export function pidOfRank(folder: string, rank: number): number | undefined {
  return processesOf(folder).find((pid) => {
    if (!commandLine(pid).includes("rank-main.js")) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`OMPI_COMM_WORLD_RANK=${rank}`);
    } catch {
      return false;
    }
  });
}
