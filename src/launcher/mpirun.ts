import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { BenchError, failures } from "../core/errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What starts the ranks on this machine. */
export interface Launcher {
  readonly command: string;
  readonly kind: "Open MPI" | "Hydra";
}

/**
 * Looks for mpirun in the PATH. Blocks for as long as `mpirun --version` takes.
 * @throws BenchError ERR_ENVIRONMENT: there is none, or one of an MPI that we do not know.
 */
export function findLauncher(environment: Environment): Launcher {
  const seen: string[] = [];
  for (const command of ["mpirun", "mpiexec"]) {
    const { stdout, error } = spawnSync(command, ["--version"], { env: environment, encoding: "utf8" });
    if (error !== undefined) continue;
    const kind = launcherKind(stdout);
    if (kind !== undefined) return { command, kind };
    seen.push(`${command} (${stdout.split("\n", 1)[0]})`);
  }
  const found = seen.length === 0 ? "no mpirun in the PATH" : `${seen.join(" and ")} is neither Open MPI nor MPICH`;
  throw new BenchError(
    "ERR_ENVIRONMENT",
    `${found}: install one (apt-get install openmpi-bin, spack install openmpi, module load openmpi), ` +
      "or start the ranks yourself: srun --mpi=pmix -n 4 node . run …",
  );
}

function launcherKind(version: string): Launcher["kind"] | undefined {
  if (/Open MPI|OpenRTE|PRRTE/.test(version)) return "Open MPI";
  return /HYDRA|MPICH|Intel\(R\) MPI/i.test(version) ? "Hydra" : undefined;
}

/** Words between `mpirun` and the program. */
export function launcherArguments(kind: Launcher["kind"], ranks: number, isRoot: boolean): string[] {
  const count = ["-n", String(ranks)];
  // Ranks bind themselves, by the rank map; a binding of the launcher would only narrow what the map can choose from.
  if (kind === "Hydra") return [...count, "-bind-to", "none"];
  // Slots are cores for Open MPI: more ranks than that, or than a container was given, must be asked for.
  const words = [...count, "--oversubscribe", "--bind-to", "none", "--quiet"];
  return isRoot ? [...words, "--allow-run-as-root"] : words;
}

/** The environment of a job on this host alone: nothing of it needs another interface than loopback. */
export function launcherEnvironment(environment: Environment): Record<string, string> {
  const given = Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const added: Record<string, string> = {
    // Signals reach the supervisors only, which then end their ranks in order.
    OMPI_MCA_odls_base_signal_direct_children_only: "1",
  };
  if (isOneHost(environment)) {
    for (const framework of ["btl_tcp", "oob_tcp"]) {
      // Open MPI refuses to be told both what to take and what to leave.
      if (environment[`OMPI_MCA_${framework}_if_exclude`] === undefined) {
        added[`OMPI_MCA_${framework}_if_include`] = "lo";
      }
    }
    added.UCX_NET_DEVICES = "lo";
  }
  return { ...added, ...Object.fromEntries(given) };
}

/** Inside an allocation of several nodes, mpirun starts ranks on all of them. */
function isOneHost(environment: Environment): boolean {
  const nodes = Number(environment.SLURM_JOB_NUM_NODES ?? environment.SLURM_NNODES ?? 1);
  return nodes === 1 && environment.PBS_NODEFILE === undefined;
}

/**
 * Starts this program again as `ranks` ranks, and waits for their end. The first SIGINT, SIGTERM or SIGHUP ends the
 * run in order, another one at once.
 * @param program Command line of one rank.
 * @returns The exit status of the job.
 */
export async function launch(
  launcher: Launcher,
  ranks: number,
  program: readonly string[],
  environment: Environment,
): Promise<number> {
  const words = [...launcherArguments(launcher.kind, ranks, process.getuid?.() === 0), ...program];
  const child = spawn(launcher.command, words, {
    env: launcherEnvironment(environment),
    stdio: ["ignore", "inherit", "inherit"],
    // A session of its own: Ctrl-C of the terminal comes to this process alone, and mpirun is asked once.
    detached: true,
  });
  let requests = 0;
  // SIGTERM makes Open MPI kill its ranks after a second; SIGUSR2 is only passed on, and the ranks end by themselves.
  const gentle = launcher.kind === "Open MPI" ? "SIGUSR2" : "SIGTERM";
  const end = (): void => {
    requests++;
    child.kill(requests === 1 ? gentle : "SIGTERM");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status, signal) => {
        if (requests > 0 && status !== 0) resolve(failures.ERR_INTERRUPTED.exit);
        else resolve(status ?? 128 + constants.signals[signal!]);
      });
    });
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}
