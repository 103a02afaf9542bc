import { describe, expect, it } from "vitest";
import { didYouMean, nearest } from "./nearest.ts";

describe("nearest", () => {
  const options = ["servers-per-node", "storage", "out"];

  it.each([
    ["strage", "storage"],
    ["servers-per-nod", "servers-per-node"],
    ["servers", "servers-per-node"],
    ["servrs", "servers-per-node"],
  ])("%s is meant to be %s", (name, meant) => {
    expect(nearest(name, options)).toBe(meant);
    expect(didYouMean(name, options)).toBe(` (did you mean ${meant}?)`);
  });

  it.each(["xyz", "se", "quiet"])("%s is like none of them", (name) => {
    expect(nearest(name, options)).toBeUndefined();
    expect(didYouMean(name, options)).toBe("");
  });

  it("finds nothing among nothing", () => expect(nearest("storage", [])).toBeUndefined());
});
