import { readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { boundCpus, type OsDevice, type Topology, topology } from "node-hwloc";
import { showCpus } from "./cpu-list.ts";
import type { CoreFacts, HostFacts, RankFacts } from "./facts.ts";

const unknownNode = -1;

/** Describes this process and what of its host it may use. Blocks for some 20 ms. @throws HwlocError `ERR_HWLOC`. */
export function localRankFacts(rank: number): RankFacts {
  return { rank, host: hostname(), memoryDomain: memoryDomain(), allowedCpus: showCpus(boundCpus()) };
}

/**
 * Describes this host. Blocks for some 40 ms: the topology is some hundred small files.
 * @param storagePaths Absolute; they need not exist yet.
 * @throws HwlocError `ERR_HWLOC`.
 */
export function localHostFacts(storagePaths: readonly string[]): HostFacts {
  const machine = topology();
  const paths = storagePaths.map((path) => ({ path, numaNode: deviceNode(path) }));
  return { host: hostname(), cores: coresOf(machine), storagePaths: paths, nics: nicsOf(machine.osDevices) };
}

/** A kind of host that may not exist: what its ranks could use if nothing narrowed it. */
export interface DescribedHost {
  readonly facts: HostFacts;
  readonly allowedCpus: string;
  readonly memoryBytes: number;
}

/**
 * Describes a host by an hwloc topology. Where the devices of its storage paths are is not known.
 * @param source A file of hwloc (`lstopo machine.xml`), or its synthetic notation ("pack:2 numa:4 core:12 pu:2");
 *   undefined: this machine.
 * @throws HwlocError `ERR_HWLOC` when hwloc cannot read it.
 */
export function describedHost(source: string | undefined, storagePaths: readonly string[]): DescribedHost {
  const machine =
    source === undefined ? topology() : topology(isFile(source) ? { xmlFile: source } : { synthetic: source });
  const paths = storagePaths.map((path) => ({ path, numaNode: source === undefined ? deviceNode(path) : unknownNode }));
  return {
    facts: { host: "", cores: coresOf(machine), storagePaths: paths, nics: nicsOf(machine.osDevices) },
    allowedCpus: showCpus(machine.allowedCpus),
    memoryBytes: machine.machine.memoryBytes,
  };
}

function isFile(source: string): boolean {
  return source.endsWith(".xml") || statSync(source, { throwIfNoEntry: false })?.isFile() === true;
}

/** Memory of a node that the cgroup does not allow is not local to anybody. */
function coresOf({ cores, pus, allowedNodes }: Topology): CoreFacts[] {
  const usable = (node: number | undefined) => (node !== undefined && allowedNodes.includes(node) ? node : unknownNode);
  if (cores.length > 0) return cores.map((core) => ({ pus: core.pus, numaNode: usable(core.numaNodes[0]) }));
  return pus.map(({ osIndex, numaNode }) => ({ pus: [osIndex], numaNode: usable(numaNode) }));
}

/** A device that is next to several nodes is next to none. */
function nicsOf(devices: readonly OsDevice[]): HostFacts["nics"] {
  const placed = (kind: OsDevice["kind"]) =>
    devices
      .filter((device) => device.kind === kind && device.numaNodes.length === 1)
      .map(({ name, numaNodes }) => ({ name, numaNode: numaNodes[0]! }));
  const fabrics = placed("openfabrics");
  return fabrics.length > 0 ? fabrics : placed("network");
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
