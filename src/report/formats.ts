import { join } from "node:path";
import { CsvFile } from "./csv-file.ts";
import { type ElbenchoRow, elbenchoColumns, elbenchoOperation } from "./format-elbencho.ts";
import { iorAccess, iorColumns } from "./format-ior.ts";
import { IorJsonFile } from "./format-ior-json.ts";
import type { FormatName } from "./format-names.ts";
import type { PhaseResult, RunInfo } from "./results.ts";

/** A file in the layout of another tool, for what already reads that. Phases that the tool does not have are left out. */
export interface FormatFile {
  /** @throws BenchError ERR_STORAGE, for example when the disk is full. */
  record(run: RunInfo, result: PhaseResult): void;
  close(): void;
}

/** Opens the file of a format in a folder: ior.csv, ior.json or elbencho.csv. @throws BenchError as `CsvFile` does. */
export function openFormat(format: FormatName, folder: string): FormatFile {
  if (format === "ior-json") return new IorJsonFile(join(folder, "ior.json"));
  if (format === "ior") {
    const file = new CsvFile(join(folder, "ior.csv"), iorColumns);
    return {
      record(run, result) {
        const { figures } = result;
        if (figures !== undefined && iorAccess(result) !== undefined) file.append({ run, result, figures });
      },
      close: () => file.close(),
    };
  }
  const file = new CsvFile<ElbenchoRow>(join(folder, "elbencho.csv"), elbenchoColumns);
  return {
    record(run, result) {
      const { figures } = result;
      if (figures !== undefined && elbenchoOperation(result) !== undefined) file.append({ run, result, figures });
    },
    close: () => file.close(),
  };
}
