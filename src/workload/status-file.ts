import { readFileSync, writeFileSync } from "node:fs";
import { BenchError } from "../core/errors.ts";
import type { Group } from "../rpc/group.ts";

/**
 * Reads the status file of a stonewall, on member 0 for all. As IOR's and mdtest's it is one number: the operations, or
 * items, that each client has done.
 * @throws BenchError ERR_CONFIG on every member if there is none.
 */
export async function readStatusFile(group: Group, path: string): Promise<number> {
  const text = group.index === 0 ? readText(path) : "";
  const answer = Buffer.from(await group.broadcast(Buffer.from(text))).toString();
  if (/^\s*\d+\s*$/.test(answer)) return Number(answer);
  throw new BenchError("ERR_CONFIG", `status file of the stonewall: ${path} holds no number`, { path });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** On member 0: stores the number, in one write, so that a reader finds it whole. @throws BenchError ERR_CONFIG. */
export function writeStatusFile(group: Group, path: string, operations: number): void {
  if (group.index !== 0) return;
  try {
    writeFileSync(path, `${operations}\n`);
  } catch (error) {
    const message = `status file of the stonewall: cannot write ${path}: ${(error as Error).message}`;
    throw new BenchError("ERR_CONFIG", message, { path }, { cause: error });
  }
}
