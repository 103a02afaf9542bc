/** What is found out about one node, by its first rank. Plain JSON; sizes in bytes, rates in MiB/s. */
export interface NodeFindings {
  readonly host: string;
  readonly versions: Versions;
  /** RLIMIT_MEMLOCK; null: without limit. */
  readonly memlockBytes: number | null;
  /** RLIMIT_NOFILE; null: without limit. */
  readonly openFiles: number | null;
  readonly sharedFreeBytes: number;
  /** Setup flags of an io_uring that pinned memory as a server does, or why that failed. */
  readonly uring: { readonly flags: readonly string[] } | { readonly error: string };
  /** The chosen word of /sys/kernel/mm/transparent_hugepage/enabled; empty where there is none. */
  readonly hugePages: string;
  /** Whether a process may read the memory of another one of this user (CMA), and kernel.yama.ptrace_scope. */
  readonly cma: { readonly allowed: boolean; readonly ptraceScope: number };
  readonly storage: readonly StorageFindings[];
}

export interface Versions {
  readonly node: string;
  readonly kernel: string;
  readonly mpi: string;
  readonly ucx: string;
}

/** One storage path of a node. */
export interface StorageFindings {
  readonly path: string;
  /** Why nothing can be written there; empty if it can. */
  readonly error: string;
  readonly freeBytes: number;
  /** Why O_DIRECT does not work there; empty if it does. */
  readonly directError: string;
}

/** A path measured on all nodes at once: 64 MiB written and flushed, then read. */
export interface DeviceFigures {
  readonly path: string;
  readonly writeMibS: number;
  readonly readMibS: number;
}

/** What one node measured of another one, or of itself, while all nodes did. */
export interface LinkFigures {
  /** The measuring node got data from this one. */
  readonly from: string;
  /** As UCX says. */
  readonly transports: string;
  /** Median of small messages there and back. */
  readonly roundTripUs: number;
  readonly mibS: number;
}

/** What is measured once all nodes can talk. */
export interface NodeFigures {
  readonly host: string;
  readonly devices: readonly DeviceFigures[];
  /** Between two ranks of the node; null: it has one rank. */
  readonly within: LinkFigures | null;
  /** To the next node; null: there is one node. */
  readonly between: LinkFigures | null;
}
