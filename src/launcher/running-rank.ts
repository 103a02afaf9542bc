import { automaticTimes, type Poller, Reactor } from "../reactor/reactor.ts";
import type { UcxRpc } from "../rpc/ucx-rpc.ts";
import type { Bootstrapped } from "./bootstrap.ts";
import type { Job } from "./job.ts";

/** A rank that has booted: what the server and the client part of the launcher start from. */
export interface RunningRank extends Bootstrapped {
  readonly rpc: UcxRpc;
  readonly job: Job;
}

/** Starts the event loop of a rank with the times of its configuration, and looks after its neighbours. */
export function startReactor({ config, map, job }: RunningRank, pollers: readonly Poller[]): Reactor {
  const automatic = automaticTimes(map.oversubscribed);
  const reactor = new Reactor(pollers, {
    sliceUs: config.sliceUs === "auto" ? automatic.sliceUs : config.sliceUs,
    spinUs: config.spinUs === "auto" ? automatic.spinUs : config.spinUs,
    yieldUs: config.yieldUs === "auto" ? automatic.yieldUs : config.yieldUs,
  });
  reactor.start();
  job.watchNeighbours();
  return reactor;
}

/** The last act of a rank: what it has to say arrives, then its endpoints and its loop end. */
export async function leave({ transport, rpc }: RunningRank, reactor: Reactor): Promise<void> {
  await transport.flush();
  reactor.stop();
  rpc.close();
  transport.close();
}
