import type { Column } from "./column.ts";

/** A CSV file and its columns, for the documentation. */
export interface DocumentedTable {
  readonly file: string;
  /** What a row is. */
  readonly about: string;
  // biome-ignore lint/suspicious/noExplicitAny: rows of every kind are documented alike.
  readonly columns: readonly Column<any>[];
}

/** The text of docs/columns.md. */
export function columnsPage(tables: readonly DocumentedTable[]): string {
  const sections = tables.map(({ file, about, columns }) => {
    const rows = columns.map((column) => [`\`${column.name}\``, column.unit, column.about]);
    return `## ${file}\n\n${about}\n\n${markdownTable([["column", "unit", "meaning"], ...rows])}`;
  });
  return `${[head, ...sections, formats].join("\n\n")}\n`;
}

/** Padded, as the formatter wants it and as a reader of the plain file does. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const rule = line(widths.map((width) => "-".repeat(width)));
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n");
}

const formats = `## ior.csv, ior.json, elbencho.csv

One of them is there with \`--format\`, in the layout of that tool, so that programs which read it go on working. A phase
that the tool does not have is left out, and so is one that did not happen: whether a figure is valid says
results.csv alone. ior.csv and ior.json have the phases \`write\` and \`read\`, and those of \`suite\` that end with these
words; checks are no rows there. elbencho's figures at the time when its first thread was done are empty, but for that
time; its totals, as ours, are those when the last client was done.`;

const head = `# Columns of the result files

Generated from the tables in \`src/report/\`; a test holds this page equal to them.

Files are CSV with a header line, comma-separated, UTF-8, quoted where needed. Numbers have full precision and the unit
that the name ends with; a cell is empty where a figure does not apply or is not known. Booleans are \`true\` and
\`false\`. Rows are appended whole, so that an interrupted job leaves a readable file.`;
