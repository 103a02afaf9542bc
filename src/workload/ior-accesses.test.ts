import { describe, expect, it } from "vitest";
import golden from "./ior-accesses.golden.json" with { type: "json" };
import { Accesses, type Geometry, iorPath } from "./ior-accesses.ts";
import { parseIor } from "./ior-params.ts";

const sequential = { randomOffset: 0, randomOffsetSeed: 0 } as const;

function offsetsOf(accesses: Accesses): number[] {
  return Array.from({ length: accesses.count }, (_, index) => accesses.offset(index));
}

function byValue(x: number, y: number): number {
  return x - y;
}

describe("Accesses", () => {
  // The tables come from IOR's nested loops, written in another language.
  it.each(golden)(
    "-t $transferBytes -b $blockBytes -s $segments -F $filePerProcess, task $task of $tasks",
    ({ task, tasks, path, offsets, ...geometry }) => {
      expect(iorPath(parseIor(geometry.filePerProcess ? ["-F"] : []), task, 0)).toBe(path);
      expect(offsetsOf(new Accesses({ ...sequential, ...geometry }, task, tasks))).toEqual(offsets);
    },
  );

  it("begins again with the first behind the last", () => {
    const geometry = { ...sequential, transferBytes: 10, blockBytes: 20, segments: 2, filePerProcess: false };
    const accesses = new Accesses(geometry, 1, 2);
    expect([0, 1, 2, 3, 4, 5, 11].map((index) => accesses.offset(index))).toEqual([20, 30, 60, 70, 20, 30, 70]);
  });

  it.each([true, false])("-z moves every byte once, with -F %j, in another order for each seed", (filePerProcess) => {
    const geometry: Geometry = {
      transferBytes: 10,
      blockBytes: 1000,
      segments: 3,
      filePerProcess,
      randomOffset: 1,
      randomOffsetSeed: 7,
    };
    const tasks = [0, 1, 2];
    const orders = tasks.map((task) => offsetsOf(new Accesses(geometry, task, 3)));
    const inOrder = tasks.map((task) => offsetsOf(new Accesses({ ...geometry, randomOffset: 0 }, task, 3)));
    expect(orders.flat().sort(byValue)).toEqual(inOrder.flat().sort(byValue));
    expect(orders[1]).not.toEqual(orders[1]!.toSorted(byValue));
    expect(orders[1]).not.toEqual(offsetsOf(new Accesses({ ...geometry, randomOffsetSeed: 8 }, 1, 3)));
    // Segment after segment: what is in one is done before the next.
    const segmentBytes = filePerProcess ? 1000 : 3000;
    for (const order of orders) {
      const segments = order.map((offset) => Math.floor(offset / segmentBytes));
      expect(segments).toEqual(segments.toSorted(byValue));
    }
  });

  it("has nothing for a task that chance dealt no transfer", () => {
    const geometry = { transferBytes: 1, blockBytes: 2, segments: 1, filePerProcess: false };
    const counts = Array.from(
      { length: 50 },
      (_, task) => new Accesses({ ...geometry, randomOffset: 1, randomOffsetSeed: 1 }, task, 50).count,
    );
    expect(counts).toContain(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(100);
  });
});
