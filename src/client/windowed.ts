/**
 * Runs `step(0)` to `step(count - 1)`, started in this order, at most `window` at once. After a failure no further
 * step starts. Settles when every started step has: rejects with the first failure, if there was one.
 */
export function windowed(count: number, window: number, step: (index: number) => Promise<void>): Promise<void> {
  return count === 1 ? step(0) : inLanes(count, Math.min(count, window), step);
}

async function inLanes(count: number, lanes: number, step: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  let failure: unknown;
  const lane = async () => {
    while (next < count && !failed) {
      try {
        await step(next++);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (failed) throw failure;
}
