import { closeSync, constants, existsSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { ucxVersion } from "../rpc/ucx-transport.ts";
import { tryUring } from "../server/storage-uring.ts";
import type { NodeFindings, StorageFindings, Versions } from "./doctor-findings.ts";
import { mpiVersion } from "./mpi.ts";
import { freeBytes, lockableBytes, softLimit } from "./preflight.ts";

/**
 * Looks at this node. Blocks; writes nothing but an empty file on each storage path, which it removes.
 * @param arena Memory of the size that a server pins; io_uring pins it for a moment.
 */
export function examineNode(host: string, storagePaths: readonly string[], arena: Uint8Array): NodeFindings {
  const orNull = (limit: number) => (Number.isFinite(limit) ? limit : null);
  return {
    host,
    versions: versions(),
    memlockBytes: orNull(lockableBytes()),
    openFiles: orNull(softLimit("Max open files")),
    sharedFreeBytes: freeBytes("/dev/shm"),
    uring: examineUring(arena),
    hugePages: /\[(\w+)\]/.exec(readIfThere("/sys/kernel/mm/transparent_hugepage/enabled"))?.[1] ?? "",
    cma: examineCma(),
    storage: storagePaths.map(examineStorage),
  };
}

function versions(): Versions {
  return { node: process.version, kernel: release(), mpi: mpiVersion().split(",")[0]!, ucx: ucxVersion() };
}

function examineUring(arena: Uint8Array): NodeFindings["uring"] {
  try {
    return { flags: tryUring(arena) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Yama lets others than a parent read memory only of processes that have allowed it, which UCX's do not all. */
function examineCma(): NodeFindings["cma"] {
  const ptraceScope = Number(readIfThere("/proc/sys/kernel/yama/ptrace_scope") || 0);
  const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readIfThere("/proc/self/status"))?.[1] ?? "0"}`);
  const canTrace = (capabilities >> 19n) % 2n === 1n; // CAP_SYS_PTRACE
  return { allowed: ptraceScope === 0 || (ptraceScope < 3 && canTrace), ptraceScope };
}

/** The folder that a storage path is, or will be made in. */
export function storageFolder(path: string): string {
  return existsSync(path) ? path : dirname(path);
}

function examineStorage(path: string): StorageFindings {
  const folder = storageFolder(path);
  const file = join(folder, `.benchfs-doctor-${process.pid}`);
  const attempt = (flags: number): string => {
    try {
      closeSync(openSync(file, flags, 0o600));
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const error = attempt(constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY);
  if (error !== "") return { path, error, freeBytes: 0, directError: error };
  const directError = attempt(constants.O_RDWR | constants.O_DIRECT);
  unlinkSync(file);
  return { path, error: "", freeBytes: freeBytes(folder), directError };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
