import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import type * as csv from "csv-stringify/sync";
import { BenchError } from "../core/errors.ts";
import type { Cell, Column } from "./column.ts";

/** A number keeps its full precision; what is no finite number, and what is not known, is an empty cell. */
function text(cell: Cell): string {
  if (cell === undefined || (typeof cell === "number" && !Number.isFinite(cell))) return "";
  return String(cell);
}

/**
 * A CSV file that grows by whole rows: each is one write(2) on an O_APPEND descriptor, so that a job killed at any
 * moment leaves no part of a row, and several writers do not tear each other's. Calls block for as long as that write.
 */
export class CsvFile<Row> {
  readonly path: string;
  readonly #columns: readonly Column<Row>[];
  readonly #fd: number;
  readonly #stringify: typeof csv.stringify;

  /**
   * Opens or creates `path`. An empty file gets the header; a file with rows must have the same header.
   * @throws BenchError ERR_CONFIG if the header differs, ERR_STORAGE if the file cannot be opened or written.
   */
  constructor(path: string, columns: readonly Column<Row>[]) {
    this.path = path;
    this.#columns = columns;
    // Loaded here, since of the thousands of processes that have this module only one writes files.
    const { stringify }: typeof csv = createRequire(import.meta.url)("csv-stringify/sync");
    this.#stringify = stringify;
    try {
      this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o644);
    } catch (error) {
      throw new BenchError(
        "ERR_STORAGE",
        `cannot open ${path}: ${(error as Error).message}`,
        { path },
        { cause: error },
      );
    }
    const header = stringify([columns.map((column) => column.name)]);
    if (fstatSync(this.#fd).size === 0) this.#write(header);
    else this.#check(header);
  }

  #check(header: string): void {
    const found = Buffer.alloc(Buffer.byteLength(header));
    const bytesRead = readSync(this.#fd, found, 0, found.length, 0);
    if (found.toString("utf8", 0, bytesRead) === header) return;
    closeSync(this.#fd);
    throw new BenchError(
      "ERR_CONFIG",
      `${this.path} has other columns (another version wrote it?); choose a new directory`,
      {
        path: this.path,
      },
    );
  }

  #write(line: string): void {
    const bytes = Buffer.from(line);
    let bytesWritten: number;
    try {
      bytesWritten = writeSync(this.#fd, bytes);
    } catch (error) {
      const message = `cannot write ${this.path}: ${(error as Error).message}`;
      throw new BenchError("ERR_STORAGE", message, { path: this.path }, { cause: error });
    }
    if (bytesWritten !== bytes.length) {
      throw new BenchError("ERR_STORAGE", `${this.path}: only ${bytesWritten} of ${bytes.length} bytes of a row fit`, {
        path: this.path,
      });
    }
  }

  /** Writes one row. @throws BenchError ERR_STORAGE, for example when the disk is full. */
  append(row: Row): void {
    this.#write(this.#stringify([this.#columns.map((column) => text(column.value(row)))]));
  }

  /** The object is unusable afterwards. */
  close(): void {
    closeSync(this.#fd);
  }
}
