import type { NodeFigures, NodeFindings, StorageFindings } from "./doctor-findings.ts";
import { mebibytes } from "./host-limits.ts";

export type Verdict = "ok" | "warn" | "fail";

/** What came out of a check on one node. */
export interface Outcome {
  readonly name: string;
  readonly found: string;
  readonly verdict: Verdict;
  /** What to do; empty if nothing. */
  readonly advice: string;
}

/** What a run with these options will ask of the nodes. */
export interface Needs {
  /** Largest arena of a rank of a host, and all that are in shared memory. */
  arenaBytes(host: string): number;
  sharedBytes(host: string): number;
  /** Most that the workload stores on a path of a host at a time; undefined: not known. */
  storedBytes(host: string, path: string): number | undefined;
  readonly endpointsMax: number;
  readonly durability: string;
}

/** Clocks that differ more spoil figures, which span the stamps of several nodes. */
const offsetWarnMs = 1;
const offsetFailMs = 100;
/** Descriptors of a rank beside its endpoints. */
const otherFiles = 128;

export function outcome(name: string, verdict: Verdict, found: string, advice = ""): Outcome {
  return { name, verdict, found, advice };
}

export function limits({ host, memlockBytes, openFiles, sharedFreeBytes }: NodeFindings, needs: Needs): Outcome[] {
  const arena = needs.arenaBytes(host);
  const shared = needs.sharedBytes(host);
  const files = needs.endpointsMax + otherFiles;
  const allowed = (limit: number | null, show: (limit: number) => string) =>
    limit === null ? "unlimited" : show(limit);
  return [
    outcome(
      "locked memory",
      memlockBytes === null || arena <= memlockBytes ? "ok" : "fail",
      `${allowed(memlockBytes, mebibytes)}, a rank pins ${mebibytes(arena)}`,
      memlockBytes === null || arena <= memlockBytes ? "" : "ulimit -l unlimited, or LimitMEMLOCK= of slurmd",
    ),
    outcome(
      "open files",
      openFiles === null || files <= openFiles ? "ok" : "warn",
      `${allowed(openFiles, String)}, a rank may have ${needs.endpointsMax} endpoints`,
      openFiles === null || files <= openFiles ? "" : `ulimit -n ${files}: over TCP each endpoint has a descriptor`,
    ),
    outcome(
      "shared memory",
      shared <= sharedFreeBytes ? "ok" : "fail",
      shared <= sharedFreeBytes
        ? `/dev/shm has room for the ${mebibytes(shared)} of clients`
        : `/dev/shm has ${mebibytes(sharedFreeBytes)} free, clients take ${mebibytes(shared)}`,
      shared <= sharedFreeBytes ? "" : "mount -o remount,size=… /dev/shm, less --client-buffers, or fewer clients",
    ),
  ];
}

export function mechanisms({ uring, hugePages, cma }: NodeFindings): Outcome[] {
  const uringOutcome =
    "error" in uring
      ? outcome(
          "io_uring",
          "fail",
          uring.error,
          "sysctl kernel.io_uring_disabled=0, a seccomp profile that has it, or --durability memory",
        )
      : outcome(
          "io_uring",
          "ok",
          uring.flags.length === 0 ? "works, without newer flags" : `works: ${uring.flags.join(" ")}`,
        );
  const huge =
    hugePages === "always" || hugePages === "madvise"
      ? outcome("huge pages", "ok", hugePages)
      : outcome(
          "huge pages",
          "warn",
          hugePages === "" ? "this kernel has none" : hugePages,
          "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled: buffers of servers then cost fewer page walks",
        );
  const scope = `kernel.yama.ptrace_scope is ${cma.ptraceScope}`;
  const copying = cma.allowed
    ? outcome("CMA", "ok", scope)
    : outcome(
        "CMA",
        "warn",
        scope,
        "sysctl kernel.yama.ptrace_scope=0: without it large messages in a node are copied twice",
      );
  return [uringOutcome, huge, copying];
}

export function storage({ host, storage: paths }: NodeFindings, needs: Needs): Outcome[] {
  return paths.flatMap((found) => {
    if (found.error !== "") {
      return [outcome("storage path", "fail", found.error, "name a node-local folder that can be written: --storage")];
    }
    return [space(found, needs.storedBytes(host, found.path)), direct(found, needs.durability)];
  });
}

function space({ path, freeBytes }: StorageFindings, stored: number | undefined): Outcome {
  if (stored === undefined)
    return outcome("free space", "ok", `${path}: what the workload stores is not known in advance`);
  if (stored <= freeBytes) return outcome("free space", "ok", `${path}: enough for the workload`);
  return outcome(
    "free space",
    "fail",
    `${path}: ${mebibytes(freeBytes)} free, the workload stores ${mebibytes(stored)}`,
    "a smaller workload, more servers, or another --storage",
  );
}

function direct({ path, directError }: StorageFindings, durability: string): Outcome {
  if (directError === "") return outcome("O_DIRECT", "ok", `${path}: works`);
  const advice = durability === "device" ? "class device then goes through the page cache, with flushes" : "";
  return outcome("O_DIRECT", durability === "device" ? "warn" : "ok", `${path}: ${directError}`, advice);
}

export function clock(offsetMs: number): Outcome {
  const ahead = Math.abs(offsetMs);
  if (ahead < offsetWarnMs) return outcome("clock", "ok", `within ${offsetWarnMs} ms of the first node's`);
  const found = `${ahead.toFixed(1)} ms ${offsetMs > 0 ? "ahead of" : "behind"} the first node's`;
  return outcome(
    "clock",
    ahead < offsetFailMs ? "warn" : "fail",
    found,
    "start chronyd or ntpd: phases are timed across nodes",
  );
}

/** What UCX chose, which is worth a word when it is not what the hardware of a cluster can do. */
export function transports({ within, between }: NodeFigures): Outcome[] {
  const inNode = "UCX_TLS must allow shared memory (posix, sysv or xpmem)";
  const outside = "no RDMA device for UCX (ucx_info -d), or UCX_TLS or UCX_NET_DEVICES leave it out";
  return [
    ...(within === null ? [] : [transport("transport in a node", within.transports, sharedMemory, inNode)]),
    ...(between === null ? [] : [transport("transport between nodes", between.transports, rdma, outside)]),
  ];
}

const sharedMemory = /\b(posix|sysv|xpmem|knem|cma)\b/;
const rdma = /\b(rc|dc|ud|ib|cxi|ugni)/;

function transport(name: string, found: string, wanted: RegExp, advice: string): Outcome {
  return wanted.test(found) ? outcome(name, "ok", found) : outcome(name, "warn", found, advice);
}
