import { closeSync, constants, fdatasyncSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { chunkBytes } from "../core/limits.ts";
import { MiB } from "../core/units.ts";
import { operations } from "../rpc/operations.ts";
import type { Rpc } from "../rpc/service.ts";
import type { UcxTransport } from "../rpc/ucx-transport.ts";
import type { DeviceFigures, LinkFigures } from "./doctor-findings.ts";
import { storageFolder } from "./doctor-node.ts";

/** Enough to see a slow device behind its cache, and over in a second on a slow one. */
const deviceBytes = 64 * MiB;
const pings = 200;
/** How long new transfers of a link are begun. */
const transferMs = 300;
/** Transfers of a link in flight, each with memory of its own. */
const transfersAtOnce = 4;

/** Payload memory that a probe needs. */
export const probeBytes = transfersAtOnce * chunkBytes;

/**
 * Writes and reads a file on a storage path, by O_DIRECT where that works, and removes it. Blocks the event loop: a
 * second on a device of 100 MiB/s.
 * @param memory `chunkBytes` on a page boundary.
 * @returns undefined when nothing can be written there.
 */
export function probeDevice(path: string, memory: Uint8Array, direct: boolean): DeviceFigures | undefined {
  const file = join(storageFolder(path), `.benchfs-doctor-${process.pid}`);
  try {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | (direct ? constants.O_DIRECT : 0);
    const fd = openSync(file, flags, 0o600);
    try {
      const writeMibS = rate(deviceBytes, () => {
        for (let at = 0; at < deviceBytes; at += chunkBytes) writeSync(fd, memory, 0, chunkBytes, at);
        fdatasyncSync(fd);
      });
      const readMibS = rate(deviceBytes, () => {
        for (let at = 0; at < deviceBytes; at += chunkBytes) readSync(fd, memory, 0, chunkBytes, at);
      });
      return { path, writeMibS, readMibS };
    } finally {
      closeSync(fd);
      unlinkSync(file);
    }
  } catch {
    return undefined; // The check of the path says what is wrong with it.
  }
}

function rate(bytes: number, run: () => void): number {
  const startMs = performance.now();
  run();
  return (bytes / MiB / (performance.now() - startMs)) * 1000;
}

/**
 * Measures round trips to a rank, and for a while transfers from its arena into ours.
 * @returns undefined if the rank is lost.
 */
export async function probeLink(
  transport: UcxTransport,
  rpc: Rpc,
  { rank, host }: { readonly rank: number; readonly host: string },
): Promise<LinkFigures | undefined> {
  const timesMs: number[] = [];
  for (let i = 0; i < pings; i++) {
    const startMs = performance.now();
    if ((await rpc.call(operations.ping, rank, {})).status !== 0) return undefined;
    timesMs.push(performance.now() - startMs);
  }
  const startMs = performance.now();
  let bytes = 0;
  const lanes = Array.from({ length: transfersAtOnce }, async (_, lane) => {
    const offset = transport.payloadOffset + lane * chunkBytes;
    while (performance.now() - startMs < transferMs) {
      if ((await transport.get(rank, offset, offset, chunkBytes)) === 0) bytes += chunkBytes;
    }
  });
  await Promise.all(lanes);
  if (bytes === 0) return undefined;
  const mibS = (bytes / MiB / (performance.now() - startMs)) * 1000;
  const roundTripUs = timesMs.sort((a, b) => a - b)[pings / 2]! * 1000;
  return { from: host, transports: transport.describe(rank) ?? "", roundTripUs, mibS };
}
