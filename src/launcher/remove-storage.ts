import { readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rankFolder } from "../rankmap/map.ts";
import { readStorage } from "./config.ts";

/**
 * Removes what a rank that died has left in the storage paths of this host, unless the user wants to keep it. What
 * does not bear the mark of a server of ours stays. Never throws: there is a failure to report already.
 * @param argv What follows `run` on the command line.
 */
export function removeStorage(
  rank: number,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  try {
    const { storagePaths, keepStorage, isDefault } = readStorage(argv, environment);
    if (keepStorage) return;
    for (const path of storagePaths) {
      const folder = join(path, rankFolder(rank));
      if (isOurs(folder)) rmSync(folder, { recursive: true, force: true });
      if (isDefault) removeIfEmpty(path);
    }
  } catch (error) {
    console.error(`benchfs: rank ${rank}: cannot clean up its storage: ${(error as Error).message}`);
  }
}

/** The last rank of the host that cleans up takes the common folder with it. */
function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Others are still in it, or it is gone.
  }
}

function isOurs(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, "format.json"), "utf8")).format === "benchfs";
  } catch {
    return false; // A client, or not opened yet.
  }
}
