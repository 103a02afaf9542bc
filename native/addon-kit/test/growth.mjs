// For the cycle.mjs of each addon: many operations, and what they leave behind.
import { readdirSync, readFileSync } from "node:fs";

function state() {
  globalThis.gc?.();
  const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "latin1"))[1]);
  return { residentKiB, descriptors: readdirSync("/proc/self/fd").length };
}

/**
 * Runs `cycle`, which does `kinds` operations, until `operations` are done, and prints as JSON by how much memory and
 * descriptors have grown since the first fifth.
 */
export async function printGrowth(operations, kinds, cycle) {
  let before;
  for (let done = 0; done < operations; done += kinds) {
    if (before === undefined && done >= operations / 5) before = state();
    await cycle(done / kinds);
  }
  const after = state();
  console.log(
    JSON.stringify({
      grownKiB: after.residentKiB - before.residentKiB,
      descriptors: after.descriptors - before.descriptors,
    }),
  );
}
