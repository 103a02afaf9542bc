import { spawn } from "node:child_process";
import { constants, hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { failures } from "../core/errors.ts";

/** How often it is checked whether the launcher still lives. */
const launcherCheckMs = 500;
/** What a rank has to end by itself once its launcher is gone. */
const endGraceMs = 5000;
/** After this much of the second that mpirun leaves between SIGTERM and SIGKILL, the storage is removed for the rank. */
const removalDelayMs = 300;
/** Longest wait of a supervisor whose rank died, for the others to notice, report and end. */
const lingerMs = 10_000;

const endSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

const rankProgram = fileURLToPath(new URL("./rank-main.js", import.meta.url));

/**
 * Runs one rank as a child process, and is all that the launcher sees of it. Every launcher tears a job down when a
 * process that it started dies, so that one killed rank would take the others with it before they can report: this
 * process does not die, waits until the others have ended the run, and only then tells the launcher.
 * It loads next to nothing, since every rank pays for it.
 *
 * @param rank World rank, for messages.
 * @param argv What follows `run` on the command line.
 * @param program What the child runs; by default the rank.
 * @returns Exit status: that of the rank, or 128 + its signal.
 */
export async function supervise(rank: number, argv: readonly string[], program = rankProgram): Promise<number> {
  const launcher = process.ppid;
  process.env.BENCHFS_SUPERVISED = "1";
  const child = spawn(process.execPath, [...process.execArgv, program, ...argv], { stdio: "inherit" });
  let asked = false;
  let removal: NodeJS.Timeout | undefined;
  let wake: () => void = () => {};
  const end = (signal: NodeJS.Signals): void => {
    // A launcher may signal its process group, and then us once more: the rank sees one request, whatever came.
    if (!asked) child.kill(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
    asked = true;
    // A rank that is slow to end still has its files open, so that taking their names away does not disturb it.
    if (signal === "SIGTERM") removal ??= setTimeout(() => cleanUp(rank, argv), removalDelayMs);
    wake();
  };
  for (const signal of endSignals) process.on(signal, end);
  const watch = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(watch);
    end("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), endGraceMs).unref();
  }, launcherCheckMs);

  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...how) => resolve(how));
  });
  clearTimeout(removal);
  // A launcher that signals the process group may reach the rank before it reaches us.
  asked ||= endSignals.some((one) => one === signal);
  if (status !== null && endsInOrder(status)) {
    clearInterval(watch);
    return status;
  }
  if (!asked) {
    const how = signal ?? `exit status ${status}`;
    console.error(`benchfs: rank ${rank} (${hostname()}) died: ${how}`);
  }
  await cleanUp(rank, argv);
  if (!asked) {
    await new Promise<void>((resolve) => {
      const enough = setTimeout(resolve, lingerMs);
      wake = () => {
        clearTimeout(enough);
        resolve();
      };
    });
  }
  clearInterval(watch);
  return status ?? 128 + constants.signals[signal!];
}

async function cleanUp(rank: number, argv: readonly string[]): Promise<void> {
  const { removeStorage } = await import("./remove-storage.ts");
  removeStorage(rank, argv, process.env);
}

/** Whether a rank that ends so has said why, and cleaned up. */
function endsInOrder(status: number): boolean {
  if (status === failures.ERR_BUG.exit) return false;
  return status === 0 || Object.values(failures).some(({ exit }) => exit === status);
}
