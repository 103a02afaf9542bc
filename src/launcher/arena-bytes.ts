import { chunkBytes, inlineBytes } from "../core/limits.ts";
import type { Role } from "../rankmap/facts.ts";
import type { RunConfig } from "./config.ts";

/** Messages with a payload that may have arrived, or be on their way out, at a time. */
export const landingSlots = { server: 512, client: 128 } as const;
export const sendSlots = { server: 256, client: 128 } as const;

type BufferSizes = Pick<RunConfig, "chunkBuffers" | "clientBufferBytes">;

/** Memory of a rank that is registered with UCX and io_uring, and so pinned: message slots and payload. */
export function arenaBytes(role: Role, config: BufferSizes): number {
  return payloadBytes(role, config) + (landingSlots[role] + sendSlots[role]) * inlineBytes;
}

export function payloadBytes(role: Role, config: BufferSizes): number {
  return role === "server" ? config.chunkBuffers * chunkBytes : config.clientBufferBytes;
}
