import type { PhaseFigures } from "../report/figures.ts";
import type { ServerCounters } from "../report/servers.ts";
import { fullStonewallS, type SuiteParams } from "./suite-options.ts";
import type { WorkloadContext } from "./workload.ts";

type Durability = WorkloadContext["durability"];

/** Stamps are seconds since 1970 as doubles, by a clock that NTP may slew: two of them are no closer than this. */
const clockStepS = 0.001;

/** What keeps the run as a whole from counting, one sentence each. */
export function faultsOfRun({ stonewallS }: SuiteParams, durability: Durability): string[] {
  return [
    ...(stonewallS === fullStonewallS ? [] : [`the stonewall was ${stonewallS} s, not ${fullStonewallS} s`]),
    ...(durability === "device" ? [] : [`durability ${durability}: what close acknowledges is not yet on a device`]),
  ];
}

/** What keeps a write phase that went well from counting; empty if nothing. @param servers What each did meanwhile. */
export function faultOfWrites(
  figures: PhaseFigures,
  servers: readonly ServerCounters[],
  { stonewallS }: SuiteParams,
  durability: Durability,
): string {
  if (figures.elapsedS < stonewallS - clockStepS) {
    return `it ended after ${figures.elapsedS.toFixed(3)} s, before the stonewall of ${stonewallS} s: too little to do`;
  }
  if (durability !== "device" || servers.length === 0) return "";
  const idle = servers.findIndex(({ bytesWritten, flushes }) => bytesWritten > 0 && flushes === 0);
  if (idle !== -1) return `server ${idle} took ${servers[idle]!.bytesWritten} bytes and flushed none of them`;
  if (servers.every(({ flushes }) => flushes === 0)) return "no server flushed anything";
  return "";
}
