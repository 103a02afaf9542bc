import { type MdtestParams, treeSize } from "./mdtest-params.ts";
import { ItemTree } from "./mdtest-tree.ts";
import type { MadeEntry, Traffic } from "./traffic.ts";

/** @returns undefined when the run works on what another one has left. */
export function mdtestTraffic(params: MdtestParams, clients: number): Traffic | undefined {
  const { create, remove, read, items, files, directories, uniqueDirectory, sharedFile, iterations, trees } = params;
  if (!create) return undefined;
  const tree = new ItemTree(params, clients);
  const clientIndices = Array.from({ length: clients }, (_, client) => client);
  const owners = sharedFile ? [0] : clientIndices;
  const treeOwners = uniqueDirectory ? clientIndices : [0];
  const kinds = [...(directories ? ["directory" as const] : []), ...(files ? ["file" as const] : [])];

  function* iteration(index: number): Iterable<MadeEntry> {
    const made = { sizeBytes: 0, writes: 0, reads: 0 };
    for (const client of treeOwners) {
      for (let number = 0; number < trees; number++) {
        for (const path of tree.directories(client, index, number)) yield { ...made, path, kind: "directory" };
      }
    }
    const sizeBytes = params.writeBytes;
    const times = sharedFile ? clients : 1;
    // Reading less than was written is rare enough to be counted as nothing.
    const reads = (read && params.readBytes === sizeBytes ? times : 0) + (params.verifyWrite ? times : 0);
    for (const kind of kinds) {
      for (const client of owners) {
        const own = tree.items(client, 0, index);
        for (let item = 0; item < items; item++) {
          const path = own.path(kind, tree.inOrderOfMaking(item));
          yield kind === "file" ? { path, kind, sizeBytes, writes: times, reads } : { ...made, path, kind };
        }
      }
    }
  }
  function* all(): Iterable<MadeEntry> {
    for (let i = 0; i < iterations; i++) yield* iteration(i);
  }
  const { directories: perTree } = treeSize(params.branchFactor, params.depth);
  return {
    names: iterations * (owners.length * items * kinds.length + treeOwners.length * trees * perTree),
    *rounds() {
      if (!remove) yield all();
      else for (let i = 0; i < iterations; i++) yield iteration(i);
    },
    firstOperations(client) {
      const own = tree.items(sharedFile ? 0 : client, 0, 0);
      const count = Math.min(params.queueDepth, items);
      return Array.from({ length: count }, (_, item) => {
        return { path: own.path(kinds[0]!, tree.inOrderOfMaking(item)), offset: 0, bytes: 0 };
      });
    },
  };
}
