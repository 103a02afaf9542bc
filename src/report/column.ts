/** What a cell may hold; undefined is an empty cell. */
export type Cell = string | number | boolean | undefined;

/** One column of a table: the header of its CSV file, its cell in every row and its line in the documentation. */
export interface Column<Row> {
  /** snake_case, with the unit at its end unless it is one ("bytes"). Never reused for another meaning. */
  readonly name: string;
  /** "s", "us", "MiB/s", "bytes", …; empty for text and plain counts. */
  readonly unit: string;
  /** One sentence. */
  readonly about: string;
  value(row: Row): Cell;
}
