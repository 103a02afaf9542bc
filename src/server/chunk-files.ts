import { closeSync, constants, fstatSync, ftruncateSync, openSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../core/errors.ts";
import { chunkBytes } from "../core/limits.ts";
import { formatSize, MiB, TiB } from "../core/units.ts";
import { storageError } from "./storage-directory.ts";

/** Within what every file system allows a file. */
const slotsPerFile = TiB / chunkBytes;

/** Left to the metadata and to others on the device: this share of what is free, or this much. */
const reserveShare = 0.02;
const reserveBytesMin = 8 * MiB;

/** Where a slot lies: `file` is an index into the files, `offset` its byte offset in that file. */
export function slotFile(slot: number): number {
  return Math.floor(slot / slotsPerFile);
}

export function slotFileOffset(slot: number): number {
  return (slot % slotsPerFile) * chunkBytes;
}

export function chunkFilePath(storagePath: string, index: number): string {
  return join(storagePath, `chunks.${index}`);
}

export interface ChunkFile {
  /** Descriptors for the caller to close. */
  readonly buffered: number;
  /** O_DIRECT; -1 if it was not asked for or the file system has none. */
  readonly direct: number;
}

export interface ChunkFiles {
  readonly files: readonly ChunkFile[];
  readonly slots: number;
}

/**
 * Opens `chunks.0`, `chunks.1`, … of a storage path, sparse, and long enough for as many slots as the device has
 * room for now, or for as many as they had.
 * @throws BenchError ERR_STORAGE: not even one slot fits, or the system's error.
 */
export function openChunkFiles(storagePath: string, direct: boolean): ChunkFiles {
  const path = (index: number): string => chunkFilePath(storagePath, index);
  let lengthBytes = 0;
  let allocatedBytes = 0;
  for (let index = 0; ; index++) {
    const stat = statSync(path(index), { throwIfNoEntry: false });
    if (stat === undefined) break;
    lengthBytes += stat.size;
    allocatedBytes += stat.blocks * 512;
  }
  const { bavail, bsize } = statfsSync(storagePath);
  const freeBytes = bavail * bsize;
  const roomBytes = freeBytes + allocatedBytes - Math.max(freeBytes * reserveShare, reserveBytesMin);
  const slots = Math.floor(Math.max(roomBytes, lengthBytes) / chunkBytes);
  if (slots < 1) {
    const message = `storage path ${storagePath} has ${formatSize(freeBytes)} free: too little for one chunk: free some`;
    throw new BenchError("ERR_STORAGE", message, { path: storagePath, freeBytes });
  }
  const files: ChunkFile[] = [];
  try {
    for (let first = 0; first < slots; first += slotsPerFile) {
      files.push(openChunkFile(path(files.length), Math.min(slotsPerFile, slots - first) * chunkBytes, direct));
    }
  } catch (error) {
    closeChunkFiles(files);
    throw storageError("open", path(files.length), error);
  }
  return { files, slots };
}

export function closeChunkFiles(files: readonly ChunkFile[]): void {
  for (const { buffered, direct } of files) {
    closeSync(buffered);
    if (direct !== -1) closeSync(direct);
  }
}

function openChunkFile(path: string, lengthBytes: number, direct: boolean): ChunkFile {
  const buffered = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (fstatSync(buffered).size < lengthBytes) ftruncateSync(buffered, lengthBytes);
    return { buffered, direct: direct ? openDirect(path) : -1 };
  } catch (error) {
    closeSync(buffered);
    throw error;
  }
}

/** -1 on file systems without O_DIRECT (tmpfs before Linux 6.6). */
function openDirect(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_DIRECT);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EINVAL") return -1;
    throw error;
  }
}
