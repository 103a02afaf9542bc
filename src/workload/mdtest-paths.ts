import type { FileKind } from "../client/file-system.ts";
import type { MdtestParams } from "./mdtest-options.ts";

/** "/out/test-dir.0-0": mdtest counts iterations, and its own repetitions of a tree, of which there is one. */
export function iterationDirectory({ testDirectory }: MdtestParams, iteration: number): string {
  return `${testDirectory}/test-dir.${iteration}-0`;
}

/** The directory that has the items of a client. */
export function treePath(directory: string, { uniqueDirectory }: MdtestParams, owner: number): string {
  return `${directory}/mdtest_tree.${uniqueDirectory ? `${owner}.` : ""}0`;
}

/** The name of a client's item. */
export function itemName(kind: FileKind, owner: number, item: number): string {
  return `${kind === "file" ? "file" : "dir"}.mdtest.${owner}.${item}`;
}
