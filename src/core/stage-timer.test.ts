import { expect, it } from "vitest";
import { StageTimer } from "./stage-timer.ts";

it("counts all passes, and times the last of every 16", () => {
  const timer = new StageTimer();
  const timed: number[] = [];
  for (let pass = 0; pass < 50; pass++) {
    const startMs = timer.start();
    if (startMs === 0) continue;
    timed.push(pass);
    while (performance.now() < startMs + 2);
    timer.stop(startMs);
  }
  expect([timer.count, timer.samples, timed]).toEqual([50, 3, [15, 31, 47]]);
  expect(timer.sampledNs).toBeGreaterThanOrEqual(6e6);
});
