import { expect, it } from "vitest";
import { GlibcRandom } from "./glibc-random.ts";

// What a C program prints that calls srand(seed), then rand() (glibc 2.36).
it.each([
  [0, [1804289383, 846930886, 1681692777, 1714636915], 1143565421],
  [1, [1804289383, 846930886, 1681692777, 1714636915], 1143565421],
  [7, [1045618677, 1863967299, 1272579899, 461085871], 1850767143],
  [12345, [383100999, 858300821, 357768173, 455528251], 121832119],
  [2147483647, [1065668062, 2142264300, 1066566375, 1064012770], 1698607095],
  [-5, [1469203335, 1952330421, 2063378439, 796694348], 1829443101],
] as [number, number[], number][])("seed %d gives %j first and %d as number 1000", (seed, first, thousandth) => {
  const random = new GlibcRandom(seed);
  const numbers = Array.from({ length: 1000 }, () => random.next());
  expect(numbers.slice(0, 4)).toEqual(first);
  expect(numbers[999]).toBe(thousandth);
});
