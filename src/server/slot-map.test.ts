import { expect, it } from "vitest";
import { SlotMap } from "./slot-map.ts";

it.each([1, 31, 32, 33, 100])("gives each of %i slots once, and again after it was given back", (slots) => {
  const map = new SlotMap(slots);
  const taken = Array.from({ length: slots }, () => map.take());
  expect(taken.toSorted((a, b) => a - b)).toEqual(taken.map((_, i) => i));
  expect([map.take(), map.free]).toEqual([-1, 0]);
  map.give(slots - 1);
  expect(() => map.give(slots - 1)).toThrow("was taken");
  expect([map.free, map.mark(slots - 1), map.mark(slots - 1), map.free]).toEqual([1, true, false, 0]);
  map.give(slots - 1);
  expect([map.take(), map.take()]).toEqual([slots - 1, -1]);
});
