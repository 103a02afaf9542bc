import type { MdtestParams } from "./mdtest-options.ts";
import { itemName, iterationDirectory, treePath } from "./mdtest-paths.ts";
import type { MadeEntry, Traffic } from "./traffic.ts";

/** @returns undefined when the run works on what another one has left. */
export function mdtestTraffic(params: MdtestParams, clients: number): Traffic | undefined {
  const { create, remove, read, items, files, directories, uniqueDirectory, iterations } = params;
  if (!create) return undefined;
  const clientIndices = Array.from({ length: clients }, (_, client) => client);

  function* iteration(index: number): Iterable<MadeEntry> {
    const directory = iterationDirectory(params, index);
    const made = { sizeBytes: 0, writes: 0, reads: 0 };
    for (const client of uniqueDirectory ? clientIndices : [0]) {
      yield { ...made, path: treePath(directory, params, client), kind: "directory" };
    }
    const sizeBytes = params.writeBytes;
    const kinds = [...(directories ? ["directory" as const] : []), ...(files ? ["file" as const] : [])];
    for (const kind of kinds) {
      // Reading less than was written is rare enough to be counted as nothing.
      const reads = read && params.readBytes === sizeBytes ? 1 : 0;
      for (const client of clientIndices) {
        const tree = treePath(directory, params, client);
        for (let item = 0; item < items; item++) {
          const path = `${tree}/${itemName(kind, client, item)}`;
          yield kind === "file" ? { path, kind, sizeBytes, writes: 1, reads } : { ...made, path, kind };
        }
      }
    }
  }
  function* all(): Iterable<MadeEntry> {
    for (let i = 0; i < iterations; i++) yield* iteration(i);
  }
  const kinds = Number(files) + Number(directories);
  return {
    names: iterations * (clients * items * kinds + (uniqueDirectory ? clients : 1)),
    *rounds() {
      if (!remove) yield all();
      else for (let i = 0; i < iterations; i++) yield iteration(i);
    },
    firstOperations(client) {
      const tree = treePath(iterationDirectory(params, 0), params, client);
      const count = Math.min(params.queueDepth, items);
      const kind = directories ? "directory" : "file";
      return Array.from({ length: count }, (_, item) => {
        return { path: `${tree}/${itemName(kind, client, item)}`, offset: 0, bytes: 0 };
      });
    },
  };
}
