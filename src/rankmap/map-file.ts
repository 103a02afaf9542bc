import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type * as csv from "csv-parse/sync";
import { BenchError } from "../core/errors.ts";
import { parseCpus } from "./cpu-list.ts";
import type { PlaceInFile } from "./policy.ts";

/**
 * Reads a map file: CSV with the columns of rankmap.csv, of which `rank` and `role` have to be there and `host`,
 * `cpus` and `storage_path` count if they are; so the map of a run, or of `plan`, can be edited and used again.
 * @returns By rank.
 * @throws BenchError ERR_CONFIG: no such file, not CSV, a rank that is missing or there twice, a cell that is none.
 */
export function readMapFile(path: string): PlaceInFile[] {
  const places: PlaceInFile[] = [];
  for (const [line, row] of readRows(path).entries()) {
    const rank = /^\d+$/.test(row.rank ?? "") ? Number(row.rank) : -1;
    if (rank < 0) throw refused(path, line, "rank", row.rank, "a whole number");
    if (places[rank] !== undefined) throw refused(path, line, "rank", row.rank, "each rank once");
    places[rank] = readPlace(path, line, row);
  }
  const missing = Array.from(places).indexOf(undefined as never);
  if (places.length > 0 && missing < 0) return places;
  throw new BenchError("ERR_CONFIG", `--rank-map ${path}: there is no line for rank ${Math.max(0, missing)}`, { path });
}

type Row = Readonly<Record<string, string>>;

function readRows(path: string): Row[] {
  try {
    const { parse }: typeof csv = createRequire(import.meta.url)("csv-parse/sync");
    return parse(readFileSync(path, "utf8"), { columns: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    const message = `--rank-map: cannot read ${path}: ${(error as Error).message}`;
    throw new BenchError("ERR_CONFIG", message, { path }, { cause: error });
  }
}

function readPlace(path: string, line: number, row: Row): PlaceInFile {
  const { role, host, cpus, storage_path } = row;
  if (role !== "server" && role !== "client") throw refused(path, line, "role", role, "server or client");
  const list = cpus ? parseCpus(cpus) : undefined;
  if (cpus && list === undefined) throw refused(path, line, "cpus", cpus, 'a list as "0-3,8", or nothing');
  if (storage_path && role === "client")
    throw refused(path, line, "storage_path", storage_path, "nothing for a client");
  return {
    role,
    ...(host && { host }),
    ...(list && { cpus: list }),
    ...(storage_path && { storagePath: storage_path }),
  };
}

function refused(path: string, line: number, column: string, value: string | undefined, allowed: string): BenchError {
  const found = value === undefined ? "there is no such column" : `"${value}" given`;
  // The header is line 1.
  return new BenchError(
    "ERR_CONFIG",
    `--rank-map ${path}, line ${line + 2}, ${column}: ${found}, but it takes ${allowed}`,
    {
      path,
    },
  );
}
