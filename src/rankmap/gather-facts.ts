import { readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { boundCpus, topology } from "node-hwloc";
import type { RankFacts } from "./facts.ts";

const unknownNode = -1;

/**
 * Describes this process's host and what of it this process may use. Blocks for some 40 ms: the topology is some
 * hundred small files.
 * @param storagePaths Absolute; they need not exist yet.
 * @throws HwlocError `ERR_HWLOC`.
 */
export function localFacts(rank: number, storagePaths: readonly string[]): RankFacts {
  const { cores, pus, allowedCpus } = topology();
  const bound = new Set(boundCpus());
  const described = cores.length > 0;
  return {
    rank,
    host: hostname(),
    memoryDomain: memoryDomain(),
    allowedCpus: allowedCpus.filter((cpu) => bound.has(cpu)),
    cores: described
      ? cores.map((core, i) => ({ core: core.osIndex ?? i, pus: core.pus, numaNode: core.numaNodes[0] ?? unknownNode }))
      : pus.map(({ osIndex, numaNode }) => ({ core: osIndex, pus: [osIndex], numaNode: numaNode ?? unknownNode })),
    storagePaths: storagePaths.map((path) => ({ path, numaNode: deviceNode(path) })),
  };
}

/** UCX takes two processes for neighbours in memory when they have booted together and share an IPC namespace. */
function memoryDomain(): string {
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/ipc")}`;
}

/** NUMA node of the device that a path is on, or will be on; -1 where the kernel does not tell (tmpfs, overlays, VMs). */
function deviceNode(path: string): number {
  try {
    const { dev } = statSync(nearestExisting(path));
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    return nodeAbove(realpathSync(`/sys/dev/block/${major}:${minor}`));
  } catch {
    return unknownNode;
  }
}

function nearestExisting(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    if (statSync(folder, { throwIfNoEntry: false }) !== undefined || folder === "/") return folder;
  }
}

/** A partition and a disk know no node, the PCI device above them does. */
function nodeAbove(device: string): number {
  for (let folder = device; folder !== "/sys" && folder !== "/"; folder = dirname(folder)) {
    try {
      return Number(readFileSync(`${folder}/numa_node`, "utf8"));
    } catch {
      // Not here; further up.
    }
  }
  return unknownNode;
}
