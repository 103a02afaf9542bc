import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { windowed } from "./windowed.ts";

describe("windowed", () => {
  it("starts in order, never more than the window, and waits for all", async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    await windowed(20, 3, async (index) => {
      started.push(index);
      most = Math.max(most, ++running);
      for (let i = 0; i <= index % 4; i++) await turn();
      running--;
    });
    expect(started).toEqual([...Array(20).keys()]);
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  it("rejects with the first failure, after what had been started, and starts nothing more", async () => {
    const ended: number[] = [];
    const run = windowed(20, 3, async (index) => {
      await turn();
      if (index === 1) throw new Error("first");
      await turn();
      ended.push(index);
      if (index === 2) throw new Error("second");
    });
    await expect(run).rejects.toThrow("first");
    expect(ended.sort()).toEqual([0, 2]);
  });

  it("does nothing for nothing", async () => {
    await windowed(0, 3, () => Promise.reject(new Error("called")));
  });
});
