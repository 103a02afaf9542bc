import { expect, it } from "vitest";
import { DirectoryCache } from "./directory-cache.ts";

it("DirectoryCache forgets what was used longest ago", () => {
  const cache = new DirectoryCache(2);
  cache.set("/a", 1);
  cache.set("/b", 2);
  expect(cache.get("/a")).toBe(1);
  cache.set("/c", 3);
  expect([cache.get("/a"), cache.get("/b"), cache.get("/c")]).toEqual([1, undefined, 3]);
  cache.delete("/c");
  expect(cache.get("/c")).toBeUndefined();
  cache.set("/a", 4);
  expect(cache.get("/a")).toBe(4);
});
