import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cell, Column } from "./column.ts";
import { CsvFile } from "./csv-file.ts";

type Pair = { left: Cell; right: Cell };
const columns: Column<Pair>[] = [
  { name: "left", unit: "", about: "The left one.", value: (row) => row.left },
  { name: "right_s", unit: "s", about: "The right one.", value: (row) => row.right },
];

describe("CsvFile", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "csv-file-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("writes the header once and every cell so that an independent parser reads it back", () => {
    const path = join(directory, "a.csv");
    const rows: Pair[] = [
      { left: "plain", right: 0.1 + 0.2 },
      { left: 'a "quoted", cell\nof two lines', right: undefined },
      { left: true, right: Number.NaN },
      { left: false, right: 2 ** 53 - 1 },
    ];
    for (const half of [rows.slice(0, 2), rows.slice(2)]) {
      const file = new CsvFile(path, columns);
      for (const row of half) file.append(row);
      file.close();
    }
    expect(parse(readFileSync(path))).toEqual([
      ["left", "right_s"],
      ["plain", "0.30000000000000004"],
      ['a "quoted", cell\nof two lines', ""],
      ["true", ""],
      ["false", "9007199254740991"],
    ]);
  });

  it("has each row in the file as soon as append returns", () => {
    const path = join(directory, "a.csv");
    const file = new CsvFile(path, columns);
    file.append({ left: "x", right: 1 });
    expect(readFileSync(path, "utf8")).toBe("left,right_s\nx,1\n");
    file.close();
  });

  it("refuses to append to a file with other columns, and leaves it as it was", () => {
    const path = join(directory, "a.csv");
    new CsvFile(path, columns).close();
    expect(() => new CsvFile(path, columns.slice(0, 1))).toThrow(expect.objectContaining({ code: "ERR_CONFIG" }));
    expect(readFileSync(path, "utf8")).toBe("left,right_s\n");
  });

  it("says which file cannot be opened or written", () => {
    const path = join(directory, "missing", "a.csv");
    expect(() => new CsvFile(path, columns)).toThrow(expect.objectContaining({ code: "ERR_STORAGE", where: { path } }));
    expect(() => new CsvFile("/dev/full", columns)).toThrow(/cannot write \/dev\/full: ENOSPC/);
  });
});
