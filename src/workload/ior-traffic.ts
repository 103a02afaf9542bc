import { Accesses, iorPath } from "./ior-accesses.ts";
import type { IorParams } from "./ior-options.ts";
import type { MadeEntry, Traffic } from "./traffic.ts";

/** @returns undefined when the run reads what another one has left: where that is, only the servers know. */
export function iorTraffic(params: IorParams, clients: number): Traffic | undefined {
  const { writeFile, readFile, checkRead, checkWrite, repetitions, useExistingFile, filePerProcess } = params;
  if (!writeFile) return undefined;
  // An existing file is written again in every iteration, otherwise each makes a new one.
  const passes = useExistingFile ? repetitions : 1;
  const reads = passes * [readFile, checkRead, checkWrite].filter((reads) => reads).length;
  const clientBytes = params.blockBytes * params.segments;
  const files = filePerProcess ? clients : 1;
  const sizeBytes = filePerProcess ? clientBytes : clientBytes * clients;
  function* round(): Iterable<MadeEntry> {
    for (let task = 0; task < files; task++) {
      yield { path: iorPath(params, task), kind: "file", sizeBytes, writes: passes, reads };
    }
  }
  return {
    names: (files * repetitions) / passes,
    *rounds() {
      for (let i = 0; i < repetitions / passes; i++) yield round();
    },
    firstOperations(client) {
      const accesses = new Accesses(params, client, clients);
      const count = Math.min(params.queueDepth, accesses.count);
      return Array.from({ length: count }, (_, index) => {
        return { path: accesses.path, offset: accesses.offset(index), bytes: params.transferBytes };
      });
    },
  };
}
