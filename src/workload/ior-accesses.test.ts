import { describe, expect, it } from "vitest";
import golden from "./ior-accesses.golden.json" with { type: "json" };
import { Accesses } from "./ior-accesses.ts";

const common = { testFile: "/testFile", randomOffset: false, signature: 0 };

function offsetsOf(accesses: Accesses): number[] {
  return Array.from({ length: accesses.count }, (_, index) => accesses.offset(index));
}

describe("Accesses", () => {
  // The tables come from IOR's nested loops, written in another language.
  it.each(golden)(
    "-t $transferBytes -b $blockBytes -s $segments -F $filePerProcess, task $task of $tasks",
    ({ task, tasks, path, offsets, ...geometry }) => {
      const accesses = new Accesses({ ...common, ...geometry }, task, tasks);
      expect(accesses.path).toBe(path);
      expect(offsetsOf(accesses)).toEqual(offsets);
    },
  );

  it("shuffles within blocks only, in an order of its own for each task and signature, the same every time", () => {
    const geometry = { transferBytes: 10, blockBytes: 1000, segments: 3, filePerProcess: false, testFile: "/f" };
    const order = (task: number, signature: number) =>
      offsetsOf(new Accesses({ ...geometry, randomOffset: true, signature }, task, 2));
    const sorted = offsetsOf(new Accesses({ ...geometry, randomOffset: false, signature: 0 }, 1, 2));
    const shuffled = order(1, 0);
    expect(shuffled).toEqual(order(1, 0));
    expect(shuffled).not.toEqual(sorted);
    expect(shuffled).not.toEqual(order(1, 1));
    expect(shuffled).not.toEqual(order(0, 0).map((offset) => offset + 1000));
    for (let segment = 0; segment < 3; segment++) {
      const range = [segment * 100, segment * 100 + 100] as const;
      expect(shuffled.slice(...range).toSorted((x, y) => x - y)).toEqual(sorted.slice(...range));
    }
  });
});
