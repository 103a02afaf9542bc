import { inodesPerServer } from "../core/limits.ts";

/**
 * Which server has what: one pure function for each kind of object, used by clients and servers alike.
 */

/** 32-bit finalizer of MurmurHash3 (Austin Appleby, public domain): every input bit reaches every output bit. */
function mix(hash: number): number {
  let h = hash;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of an integer up to 2^53. */
function hashNumber(value: number): number {
  return mix((value >>> 0) ^ mix(Math.floor(value / 2 ** 32)));
}

/** The server that has the entry `name` (UTF-8 bytes) of directory `parent` (its inode number). */
export function metadataServer(parent: number, name: Uint8Array, servers: number): number {
  let hash = hashNumber(parent);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name[i]!, 0x01000193); // FNV-1a, then mixed
  return mix(hash) % servers;
}

/** The server that made an inode number; for a directory, its home: it knows who has entries in it. */
export function homeServer(ino: number): number {
  return Math.floor(ino / inodesPerServer);
}

/** The server that has chunk `chunk` of file `ino`: exact round robin from a hashed start, so balanced to +-1 chunk. */
export function chunkServer(ino: number, chunk: number, servers: number): number {
  return (hashNumber(ino) + chunk) % servers;
}
