import { Accesses, iorPath } from "./ior-accesses.ts";
import type { IorParams } from "./ior-params.ts";
import type { MadeEntry, Traffic } from "./traffic.ts";

/**
 * @returns undefined when the run reads what another one has left (where that is, only the servers know), and when time
 * or chance decide how often what is written and read.
 */
export function iorTraffic(params: IorParams, clients: number): Traffic | undefined {
  const { writeFile, repetitions, useExistingFile, filePerProcess, multiFile, keepFile } = params;
  if (!writeFile || isOpen(params)) return undefined;
  // An existing file is written again in every iteration, otherwise each makes a new one.
  const passes = useExistingFile && !multiFile ? repetitions : 1;
  const reads = [params.readFile, params.checkRead, params.checkWrite].filter((reads) => reads).length;
  const writes = params.randomPrefillBytes > 0 ? 2 : 1;
  const clientBytes = params.blockBytes * params.segments;
  const files = filePerProcess ? clients : 1;
  const sizeBytes = filePerProcess ? clientBytes : clientBytes * clients;
  function* round(iteration: number): Iterable<MadeEntry> {
    for (let task = 0; task < files; task++) {
      const path = iorPath(params, task, iteration);
      yield { path, kind: "file", sizeBytes, writes: passes * writes, reads: passes * reads };
    }
  }
  function* all(): Iterable<MadeEntry> {
    for (let i = 0; i < repetitions; i++) yield* round(i);
  }
  return {
    names: (files * repetitions) / passes,
    *rounds() {
      if (keepFile && multiFile) yield all();
      else for (let i = 0; i < repetitions / passes; i++) yield round(i);
    },
    firstOperations(client) {
      const path = iorPath(params, client, 0);
      const accesses = new Accesses(params, client, clients);
      const count = Math.min(params.queueDepth, accesses.count);
      return Array.from({ length: count }, (_, index) => {
        return { path, offset: accesses.offset(index), bytes: params.transferBytes };
      });
    },
  };
}

function isOpen({ randomOffset, reorderTasksRandom, minTimeS, maxTimeS, stonewallIterations }: IorParams): boolean {
  const isByChance = randomOffset === 2 || reorderTasksRandom === 1;
  return isByChance || minTimeS > 0 || maxTimeS !== undefined || stonewallIterations !== undefined;
}
