import { expect, it } from "vitest";
import { decodeEntries } from "./directory-page.ts";
import type { DirectoryEntry } from "./file-system.ts";

it("decodes a page of entries up to its last name, which does not change with the page", () => {
  const name = new TextEncoder().encode("日本");
  const page = Uint8Array.of(2, 1, 0x64, 1, name.length, ...name);
  const entries: DirectoryEntry[] = [];
  const cursor = decodeEntries(page, entries);
  page.fill(0);
  expect(entries).toEqual([
    { name: "d", kind: "directory" },
    { name: "日本", kind: "file" },
  ]);
  expect([...cursor]).toEqual([...name]);
  expect(decodeEntries(new Uint8Array(0), [])).toHaveLength(0);
});
