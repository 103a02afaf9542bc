import { assert } from "./errors.ts";
import { KiB, MiB } from "./units.ts";

/** A file is cut into chunks of this many bytes; a chunk lives in one slot of one server. */
export const chunkBytes = 4 * MiB;

/** Payloads up to this size travel inside the message and land in a slot of this size; larger ones by RMA. */
export const inlineBytes = 16 * KiB;

/** Fixed part of a message: 64 bytes, 16 words. */
export const headerBytes = 64;

export const nameBytesMax = 255;
export const pathBytesMax = 4096;

/** An inode number is server index x 2^40 + a counter, so that it is exact in a double for 8,192 servers. */
export const inodesPerServer = 2 ** 40;
export const serversMax = 8192;

assert(inodesPerServer * serversMax <= Number.MAX_SAFE_INTEGER + 1, "inode numbers are exact in a double");
assert(nameBytesMax + 1 <= inlineBytes, "a name fits into a message");
