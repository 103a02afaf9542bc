import { readFileSync, statfsSync } from "node:fs";
import { BenchError } from "../core/errors.ts";
import { formatSize, MiB } from "../core/units.ts";

/**
 * Refuses an arena that this process may not pin, before anything is allocated: io_uring counts registered buffers
 * against RLIMIT_MEMLOCK unless the process is privileged.
 * @throws BenchError ERR_ENVIRONMENT with the bytes needed and allowed.
 */
export function checkMemlock(arenaBytes: number): void {
  const allowed = lockableBytes();
  if (arenaBytes <= allowed) return;
  throw new BenchError(
    "ERR_ENVIRONMENT",
    `the arena of ${mebibytes(arenaBytes)} must be locked in memory, but RLIMIT_MEMLOCK allows ${formatSize(allowed)}: ` +
      "raise it (ulimit -l, or LimitMEMLOCK= of slurmd), or take fewer --chunk-buffers",
    { needBytes: arenaBytes, allowedBytes: allowed },
  );
}

/**
 * Refuses arenas that the shared memory of this host cannot hold: a page that does not fit there kills with SIGBUS.
 * @param bytes All arenas of this host's ranks that live in shared memory.
 */
export function checkSharedMemory(bytes: number): void {
  const free = freeBytes("/dev/shm");
  if (bytes <= free) return;
  throw new BenchError(
    "ERR_ENVIRONMENT",
    `the buffers of this host's clients take ${mebibytes(bytes)} of /dev/shm, where ${mebibytes(free)} are free: ` +
      "take less --client-buffers or fewer clients, or enlarge /dev/shm",
    { needBytes: bytes, freeBytes: free },
  );
}

/** What this process may lock in memory; infinite for a privileged one. */
export function lockableBytes(): number {
  return process.geteuid?.() === 0 ? Number.POSITIVE_INFINITY : softLimit("Max locked memory");
}

/** A limit of this process by its name in /proc/self/limits. */
export function softLimit(name: string): number {
  const line = readFileSync("/proc/self/limits", "utf8").match(new RegExp(`^${name}\\s+(\\S+)`, "m"));
  return line === null || line[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(line[1]);
}

/** Bytes that an unprivileged process may still write to the file system of `path`. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MiB)} MiB`;
}
