import { performance } from "node:perf_hooks";
import { receive, send } from "./mpi.ts";

const rounds = 20;

/** Milliseconds since the Unix epoch by this rank's clock, as the phases are stamped. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Compares the clocks of some ranks with that of the first of them, over MPI: of several round trips the shortest one
 * counts, and half of it is what cannot be told. Blocks; every rank calls it with the same ranks.
 * @returns On the first of the ranks: how far each one's clock is ahead at least, in milliseconds; elsewhere undefined.
 */
export function clockOffsets(rank: number, ranks: readonly number[]): number[] | undefined {
  const [first, ...others] = ranks as [number, ...number[]];
  if (rank === first) return [0, ...others.map(askClock)];
  if (others.includes(rank)) tellClock(first);
  return undefined;
}

function askClock(rank: number): number {
  const stamp = new Float64Array(1);
  const bytes = new Uint8Array(stamp.buffer);
  let shortestMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  for (let i = 0; i < rounds; i++) {
    const sentMs = nowMs();
    send(bytes, rank);
    receive(bytes, rank);
    const backMs = nowMs();
    if (backMs - sentMs >= shortestMs) continue;
    shortestMs = backMs - sentMs;
    offsetMs = stamp[0]! - (sentMs + backMs) / 2;
  }
  return Math.sign(offsetMs) * Math.max(0, Math.abs(offsetMs) - shortestMs / 2);
}

function tellClock(rank: number): void {
  const stamp = new Float64Array(1);
  const bytes = new Uint8Array(stamp.buffer);
  for (let i = 0; i < rounds; i++) {
    receive(bytes, rank);
    stamp[0] = nowMs();
    send(bytes, rank);
  }
}
