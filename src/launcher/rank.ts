import { hostname } from "node:os";
import { BenchError, failures } from "../core/errors.ts";
import { UcxRpc } from "../rpc/ucx-rpc.ts";
import { workloads } from "../workload/registry.ts";
import { bootstrap } from "./bootstrap.ts";
import { makeConfig } from "./config.ts";
import { Job } from "./job.ts";
import { launchedRank } from "./launched-rank.ts";

/** Calls in flight of one process at most; a client needs its window times its queue depth. */
const callSlots = 4096;

/**
 * One rank from its start to its end: boot over MPI, then server or client.
 * @param argv What follows `run` on the command line.
 * @returns The process's exit status: on the lead client the job's, elsewhere 0 unless nobody else can tell.
 */
export async function runRank(argv: readonly string[]): Promise<number> {
  const environment = process.env;
  let booted: ReturnType<typeof bootstrap>;
  try {
    booted = bootstrap(() => makeConfig({ argv, environment, workloads }));
  } catch (error) {
    // Every rank has the same error; rank 0 speaks for all.
    return giveUp(error, (launchedRank(environment)?.rank ?? 0) === 0);
  }

  const { transport, place, map, config } = booted;
  const rpc = new UcxRpc(transport, { rank: place.rank, callSlots, deadlineMs: config.rpcTimeoutMs });
  const job = new Job(rpc, map.clients, map.servers);
  for (const signal of ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const) {
    process.on(signal, () => job.abort(new BenchError("ERR_INTERRUPTED", `stopped by ${signal}`)));
  }
  try {
    // A rank loads the part that it plays: thousands of them pay for every module.
    const running = { ...booted, rpc, job };
    if (place.role === "server") return await (await import("./server-rank.ts")).runServer(running);
    return await (await import("./client-rank.ts")).runClient(running);
  } catch (error) {
    return giveUp(error, job.speaks || !(error instanceof BenchError), job);
  }
}

/** Says what went wrong, if it is this rank's to say; an error that is not of our making comes with its stack. */
function giveUp(error: unknown, speak: boolean, job?: Job): number {
  const known = error instanceof BenchError && error.code !== "ERR_BUG";
  if (speak) {
    const text = known ? error.message : ((error as Error).stack ?? String(error));
    console.error(`benchfs: ${hostname()}: ${text}`);
  }
  const follower = job !== undefined && !job.isLead && !job.leadIsGone;
  // Launchers end a job at the first status that is not 0: a rank that only follows leaves the verdict to the lead.
  if (known && follower) return 0;
  return known ? failures[error.code].exit : failures.ERR_BUG.exit;
}
