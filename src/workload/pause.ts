import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import type { WorkloadContext } from "./workload.ts";

/** How often a wait asks whether the run is to end. */
const sliceMs = 100;

/** A wait of so many seconds, which a reason to end the run cuts short. */
export function pauser({ interrupted }: Pick<WorkloadContext, "interrupted">, seconds: number): () => Promise<void> {
  return async () => {
    const endMs = performance.now() + seconds * 1000;
    for (let leftMs = seconds * 1000; leftMs > 0; leftMs = endMs - performance.now()) {
      if (interrupted() !== undefined) return;
      await setTimeout(Math.min(leftMs, sliceMs));
    }
  };
}
