import { directoryKind } from "../core/inode.ts";
import type { DirectoryEntry } from "./file-system.ts";

const decoder = new TextDecoder();
const entryHeadBytes = 2;

/**
 * Appends the entries of a reply of `readDirectory`, each [kind u8][length u8][name], to `entries`.
 * @returns The last name, a copy: where the next page starts.
 */
export function decodeEntries(page: Uint8Array, entries: DirectoryEntry[]): Uint8Array<ArrayBuffer> {
  let from = 0;
  let to = 0;
  for (let at = 0; at < page.length; at = to) {
    from = at + entryHeadBytes;
    to = from + page[at + 1]!;
    const kind = page[at] === directoryKind ? "directory" : "file";
    entries.push({ name: decoder.decode(page.subarray(from, to)), kind });
  }
  return page.slice(from, to);
}
