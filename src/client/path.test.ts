import { describe, expect, it } from "vitest";
import { directoryOf, nameOf, pathStatus } from "./path.ts";

describe("paths", () => {
  it.each([
    ["/f", "", "f"],
    ["/d/e/f", "/d/e", "f"],
    ["/", "", ""],
  ])("%s is in %j under the name %j", (path, directory, name) => {
    expect(pathStatus(path)).toBe(0);
    expect(directoryOf(path)).toBe(directory);
    expect(nameOf(path)).toBe(name);
  });
});
