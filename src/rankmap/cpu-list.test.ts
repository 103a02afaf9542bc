import fc from "fast-check";
import { expect, it } from "vitest";
import { parseCpus, showCpus } from "./cpu-list.ts";

it("writes ranges as the kernel does", () => {
  expect(showCpus([0, 1, 2, 3, 8])).toBe("0-3,8");
  expect(showCpus([5])).toBe("5");
  expect(showCpus([0, 2, 3])).toBe("0,2-3");
  expect(showCpus([])).toBe("");
});

it("reads what it writes", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300)), (cpus) => {
      const sorted = cpus.toSorted((a, b) => a - b);
      expect(parseCpus(showCpus(sorted))).toEqual(sorted);
    }),
  );
  expect(parseCpus("8, 0-2,1")).toEqual([0, 1, 2, 8]);
});

it.each(["a", "1-", "3-1", "-1", "1,,2", "0-99999999"])("takes no %j", (text) => {
  expect(parseCpus(text)).toBeUndefined();
});
