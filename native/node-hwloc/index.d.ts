/**
 * hwloc: what a machine is made of, and where this process runs and has its memory.
 *
 * All functions work at once and do not wait for anything; `topology()` of the live machine reads some hundred small
 * files (40 ms on a small machine), and the first binding call half as much. CPUs are hardware threads ("PUs"), named
 * by the numbers of the operating system, as in `/proc/cpuinfo`; so are NUMA nodes.
 *
 * Errors, all matched by `code`: `ERR_HWLOC` ({@link HwlocError}), `ERR_INVALID_ARG_TYPE` (TypeError),
 * `ERR_OUT_OF_RANGE` (RangeError).
 */

/** What hwloc or the kernel said. */
export interface HwlocError extends Error {
  readonly code: "ERR_HWLOC";
  /** The call that failed, for instance `hwloc_set_cpubind`. */
  readonly call: string;
  /** Its `errno`, positive. */
  readonly errno: number;
}

/**
 * A machine. All lists of objects are in hwloc's logical order, neighbours beside each other; lists of numbers ascend.
 * Everything that is online is in it, also what this job may not use: `allowedCpus` and `allowedNodes` tell.
 * `numaNodes` of an object are always the home nodes of its CPUs ({@link NumaNode.cpus}).
 */
export interface Topology {
  machine: Machine;
  /** Sockets. Empty on machines that do not tell. */
  packages: Package[];
  numaNodes: NumaNode[];
  /** Dies within packages. Empty on machines that do not tell, and where a package is one die. */
  dies: Die[];
  /** Empty on machines that do not tell. */
  cores: Core[];
  pus: Pu[];
  /** Empty if there are none. */
  l3: L3Cache[];
  /** Disks, network interfaces and the like that sit on PCI. Empty where PCI cannot be seen. */
  osDevices: OsDevice[];
  /** CPUs that the kernel has started: those of `pus`, ascending. */
  onlineCpus: number[];
  /** CPUs that the cgroup of this process leaves it. Narrower bindings (taskset, mpirun) do not show: `boundCpus()`. */
  allowedCpus: number[];
  /** NUMA nodes that the cgroup of this process leaves it. */
  allowedNodes: number[];
  /** Absent where the firmware gives none. */
  distances?: Distances;
}

export interface Machine {
  hostName?: string;
  architecture?: string;
  osName?: string;
  osRelease?: string;
  productName?: string;
  /** The sum over the NUMA nodes. Memory that was plugged in after the kernel's start may be missing. */
  memoryBytes: number;
  /** Whether this describes the machine that this process runs on. */
  live: boolean;
}

export interface Package {
  osIndex?: number;
  cpuModel?: string;
  /** CPUs. */
  pus: number[];
  numaNodes: number[];
}

export interface NumaNode {
  osIndex: number;
  /** Kind of memory where hwloc knows it, for instance `HBM`, `MCDRAM`, `NVM`, `DRAM`. */
  kind?: string;
  memoryBytes: number;
  /**
   * The CPUs whose home is this node: of the nodes that list a CPU as local, the one with the fewest local CPUs, then
   * with the lowest number. A CPU is in `cpus` of at most one node; nodes of extra memory (HBM, NVM, GPU) have none.
   */
  cpus: number[];
  /** The CPUs that this node is local to, as hwloc sees it: nodes of extra memory name those that are closest. */
  localCpus: number[];
}

export interface Die {
  /** Unique within its package only. */
  osIndex?: number;
  /** Index into {@link Topology.packages}. */
  package?: number;
  /** CPUs. */
  pus: number[];
  numaNodes: number[];
}

export interface Core {
  /** Unique within its package only. */
  osIndex?: number;
  /** Index into {@link Topology.packages}. */
  package?: number;
  numaNodes: number[];
  /** CPUs: the hardware threads of this core. */
  pus: number[];
}

export interface Pu {
  osIndex: number;
  /** Index into {@link Topology.cores}. */
  core?: number;
  /** `osIndex` of its home node; absent if it is in none. */
  numaNode?: number;
}

export interface L3Cache {
  sizeBytes: number;
  /** CPUs that share it. */
  pus: number[];
}

export interface OsDevice {
  /** As the operating system calls it: `nvme0n1`, `eth0`, `mlx5_0`. */
  name: string;
  kind: "block" | "gpu" | "network" | "openfabrics" | "dma" | "coprocessor" | "other";
  numaNodes: number[];
  /** CPUs next to it; all of the machine if its place is not known. */
  localCpus: number[];
}

export interface Distances {
  /** Shape [n]: `osIndex` of each row and column. */
  numaNodes: number[];
  /** Shape [n][n]: latency from row to column relative to local access, which is 10. */
  values: number[][];
}

/**
 * The topology of this machine, or of another one that was exported (`lstopo machine.xml`) or is described
 * (`"package:2 core:4 pu:2"`, see hwloc's documentation of synthetic topologies). `HWLOC_XMLFILE` and `HWLOC_SYNTHETIC`
 * replace the live machine, as in every program that uses hwloc. Plain data, new in each call.
 * @param source A path (a `file://` URL is none), a document, or a synthetic description; the live machine if absent.
 * @throws `ERR_HWLOC`: no such file, not a topology, or one of a format that is newer than the library (XML of hwloc 3).
 *   TypeError: `source` has none of the three, or not a string in it.
 */
export declare function topology(source?: { xmlFile: string } | { xml: string } | { synthetic: string }): Topology;

/**
 * Binds all threads of this process (V8's and libuv's helpers too), and those that they will make, to these CPUs.
 * @param cpus At least one, each 0 to 65535.
 * @throws `ERR_HWLOC` when the kernel refuses (EINVAL: no such CPU or none that is allowed) or leaves CPUs out (EPERM);
 *   in the second case the process is bound to the rest. TypeError, RangeError.
 */
export declare function bindCpu(cpus: number[]): void;

/**
 * Binds memory to these NUMA nodes, strictly (MPOL_BIND): the calling thread's policy and that of threads it will make
 * change, and pages that the process has already move there as far as the kernel can. The policy of other threads that
 * exist cannot be changed from here: they allocate on the node of the CPU they run on, so call `bindCpu` first.
 * When the nodes are full the kernel kills the process instead of using another node.
 * @param numaNodes At least one, each 0 to 65535.
 * @throws `ERR_HWLOC` when the kernel refuses (EINVAL: no such node or none that is allowed; EPERM or ENOSYS: the
 *   container's seccomp filter) or leaves nodes out (EPERM). TypeError, RangeError.
 */
export declare function bindMemory(numaNodes: number[]): void;

/** The CPUs that the calling thread may run on now. @throws `ERR_HWLOC`. */
export declare function boundCpus(): number[];

/** The CPU that the calling thread runs on at this moment; bound to more than one, it may be elsewhere already. @throws `ERR_HWLOC`. */
export declare function lastCpu(): number;

/**
 * Where the pages of a buffer lie. Asks the kernel about each page: about 0.1 s per GiB of small pages.
 * @param buffer Read at no byte, and not kept.
 * @returns NUMA node to bytes of the buffer on it. Pages that were never written have no memory and are left out, so
 *   the sum is less than the length of a fresh buffer.
 * @throws `ERR_HWLOC` (EPERM or ENOSYS: the container's seccomp filter or a kernel without NUMA). TypeError.
 */
export declare function memoryNodes(buffer: ArrayBuffer | ArrayBufferView): Map<number, number>;
