import { BenchFileSystem } from "../client/benchfs.ts";
import type { FileSystem } from "../client/file-system.ts";
import { PosixFileSystem } from "../client/posix.ts";
import { RpcServerProbe } from "../client/rpc-server-probe.ts";
import { BenchError } from "../core/errors.ts";
import type { ClientCounters } from "../report/process-counters.ts";
import type { SuiteScore } from "../report/suite-score.ts";
import type { Rpc } from "../rpc/service.ts";
import { TimedRpc } from "../rpc/timed-rpc.ts";
import { workloads } from "../workload/registry.ts";
import type { WorkloadContext } from "../workload/workload.ts";
import type { Lead } from "./lead.ts";
import { ProcessClock } from "./process-clock.ts";
import { leave, type RunningRank, startReactor } from "./running-rank.ts";
import { decodeCounters, readCounters } from "./server-counters.ts";

/**
 * A client rank from its file system to its end. The lead client says by itself how the run ended.
 * @returns 0, or on the lead client the job's exit status.
 * @throws BenchError When the ranks do not agree to start.
 */
export async function runClient(rank: RunningRank): Promise<number> {
  const { job, transport } = rank;
  const reactor = startReactor(rank, [transport]);
  const rpc = new TimedRpc(rank.rpc);
  const clock = new ProcessClock(reactor);
  const readOwn = (): ClientCounters => ({ ...rpc.counters, ...clock.read() });
  let lead: Lead | undefined;
  let fs: FileSystem | undefined;
  let failure: BenchError | undefined;
  try {
    fs = openFileSystem(rank, rpc);
    if (job.isLead) lead = new (await import("./lead.ts")).Lead(rank);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    failure = error;
  }
  let agreed = false;
  const reason = await endingOf(async () => {
    await job.agree(failure);
    agreed = true;
    lead?.showStart();
    await runWorkloads(rank, { fs: fs!, readOwn }, lead);
    await job.untilEnd();
    const farewells = await job.farewell(new Uint8Array(0));
    const said = farewells?.filter((bytes) => bytes.length > 0);
    if (said !== undefined) lead?.showServers(said.map(decodeCounters));
  });
  if (reason !== undefined) await job.endEarly();
  await leave(rank, reactor);
  if (reason !== undefined && (lead === undefined || !agreed)) throw reason;
  if (reason !== undefined) console.error(`benchfs: the run ended early: ${reason.message}`);
  return lead?.end(reason) ?? 0;
}

/** Why `run` ended early; undefined if it did not. What is not a `BenchError` goes through. */
async function endingOf(run: () => Promise<void>): Promise<BenchError | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof BenchError && error.code !== "ERR_BUG") return error;
    throw error;
  }
}

function openFileSystem({ config, map, transport }: RunningRank, rpc: Rpc): FileSystem {
  if (config.target.kind === "posix") return new PosixFileSystem(config.target.path);
  return new BenchFileSystem({
    rpc,
    servers: map.servers,
    arena: transport.arena,
    payload: { offset: transport.payloadOffset, bytes: config.clientBufferBytes },
    window: config.window,
    durability: config.durability,
  });
}

/**
 * Runs all workloads in order. When the run has to end, those that are left still record that they did not happen.
 * @throws BenchError The first reason to end.
 */
async function runWorkloads(
  { config, map, job, rpc, transport }: RunningRank,
  own: Pick<WorkloadContext, "fs" | "readOwn">,
  lead: Lead | undefined,
): Promise<void> {
  const { servers } = map;
  const context = {
    ...own,
    probe: config.target.kind === "benchfs" ? new RpcServerProbe({ rpc, servers, arena: transport.arena }) : undefined,
    group: job.clients!,
    hostOfClient: map.clients.map((rank) => map.places[rank]!.host),
    interrupted: () => job.reason?.message,
    readServers: () => (config.target.kind === "benchfs" ? readCounters(rpc, map.servers) : Promise.resolve([])),
    // A plain directory is as durable as its kernel's page cache until it is told to sync.
    durability: config.target.kind === "benchfs" ? config.durability : ("pagecache" as const),
    timeline: config.timeline,
    score: (score: SuiteScore) => lead?.score(score),
    progress: (progress: Parameters<Lead["progress"]>[0]) => lead?.progress(progress),
  };
  let first: unknown;
  for (const [index, { name, params }] of config.workloads.entries()) {
    const record: WorkloadContext["record"] = (...row) => lead?.record(index, ...row);
    try {
      await workloads[name]!.run({ ...context, record }, params);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      first ??= error;
    }
  }
  if (first !== undefined) throw job.reason ?? first;
}
