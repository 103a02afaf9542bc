import { totalmem } from "node:os";
import { formatSize, MiB } from "../core/units.ts";
import type { RankMap, Role } from "../rankmap/facts.ts";
import { arenaBytes } from "./arena-bytes.ts";
import type { RunConfig } from "./config.ts";
import { freeBytes, lockableBytes } from "./preflight.ts";

/** Memory that a host can give; undefined: not known, or without limit. */
export interface HostLimits {
  readonly memoryBytes?: number;
  /** RLIMIT_MEMLOCK of a rank. */
  readonly memlockBytes?: number;
  /** Free in /dev/shm. */
  readonly sharedBytes?: number;
}

/** Of this host and process. */
export function localLimits(): HostLimits {
  const memlockBytes = lockableBytes();
  return {
    memoryBytes: totalmem(),
    ...(Number.isFinite(memlockBytes) && { memlockBytes }),
    sharedBytes: freeBytes("/dev/shm"),
  };
}

/** Memory that the ranks of a run pin. */
export interface PinnedMemory {
  readonly serverBytes: number;
  readonly clientBytes: number;
  /** Of the host that pins most. */
  readonly hostBytes: number;
  readonly hostSharedBytes: number;
  /** Limits that it exceeds, one sentence each; empty if none is known to. */
  readonly problems: readonly string[];
}

/** @param limits By host; those that are not known are left out. */
export function pinnedMemory(map: RankMap, config: RunConfig, limits: ReadonlyMap<string, HostLimits>): PinnedMemory {
  const bytes: Readonly<Record<Role, number>> = {
    server: arenaBytes("server", config),
    client: arenaBytes("client", config),
  };
  const counts = new Map<string, Record<Role, number>>(map.hosts.map((host) => [host, { server: 0, client: 0 }]));
  for (const { host, role } of map.places) counts.get(host)![role]++;
  const problems: string[] = [];
  let hostBytes = 0;
  let hostSharedBytes = 0;
  for (const [host, { server, client }] of counts) {
    const shared = client * bytes.client;
    const pinned = shared + server * bytes.server;
    hostBytes = Math.max(hostBytes, pinned);
    hostSharedBytes = Math.max(hostSharedBytes, shared);
    problems.push(
      ...exceeded(host, limits.get(host) ?? {}, { pinned, shared, rank: largestRank(server, client, bytes) }),
    );
  }
  return { serverBytes: bytes.server, clientBytes: bytes.client, hostBytes, hostSharedBytes, problems };
}

function largestRank(servers: number, clients: number, bytes: Readonly<Record<Role, number>>): number {
  return Math.max(servers > 0 ? bytes.server : 0, clients > 0 ? bytes.client : 0);
}

function exceeded(
  host: string,
  { memoryBytes, memlockBytes, sharedBytes }: HostLimits,
  need: { readonly pinned: number; readonly shared: number; readonly rank: number },
): string[] {
  const above = (what: string, needed: number, limit: number | undefined, whose: string) =>
    limit === undefined || needed <= limit
      ? []
      : [`${host}: ${what} ${mebibytes(needed)}, but ${whose} ${mebibytes(limit)}`];
  return [
    ...above("its ranks pin", need.pinned, memoryBytes, "it has"),
    ...above("a rank pins", need.rank, memlockBytes, "RLIMIT_MEMLOCK allows"),
    ...above("its clients take", need.shared, sharedBytes, "/dev/shm has"),
  ];
}

/** Whole MiB, rounded up: exact sizes are of no use to a reader of limits. */
export function mebibytes(bytes: number): string {
  return formatSize(Math.ceil(bytes / MiB) * MiB);
}
