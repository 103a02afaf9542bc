import { errnoName } from "../core/errno.ts";

/** What a path is. */
export type FileKind = "file" | "directory";

export interface FileStat {
  readonly ino: number;
  readonly kind: FileKind;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

/**
 * An open file, in the shape of `node:fs/promises`: positional reads and writes, any offset and any length.
 * A buffer belongs to the call until its promise settles. Every method rejects with `FileSystemError`.
 */
export interface FileHandle {
  /** Fewer bytes than asked only at the end of the file; holes read as zeros. */
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  /** Writes all of it or rejects. */
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  /** After it, size and data are as durable as the durability class says, and visible to every client. */
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  /** Makes the size visible to every client. The handle is unusable afterwards, also if it rejects. */
  close(): Promise<void>;
}

/**
 * What a workload sees: the distributed file system or a plain directory, the same code over both.
 * Paths are absolute within the file system ("/dir/file"), components separated by single slashes.
 */
export interface FileSystem {
  /** "benchfs" or "posix": goes into every result row. */
  readonly name: string;
  /** `flags` are the O_* of `node:fs` constants; O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC count. */
  open(path: string, flags: number, mode?: number): Promise<FileHandle>;
  stat(path: string): Promise<FileStat>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, mode?: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** All entries, without "." and "..", in no order. */
  readdir(path: string): Promise<DirectoryEntry[]>;
  /** Into how many parts every directory is cut, so that clients can share the work of listing a large one. */
  readonly directoryParts: number;
  /** The entries of one part, 0 to `directoryParts` - 1, page after page; each entry is in one part. */
  readdirPart(path: string, part: number): AsyncIterable<DirectoryEntry[]>;
  /**
   * Payload memory that transfers without a further copy; it lives as long as the file system.
   * Any other Uint8Array works too, through a copy. @throws BenchError ERR_CONFIG when the arena is too small.
   */
  allocate(bytes: number): Uint8Array;
}

/** A failed operation, in the shape of Node's system errors, plus the server that answered (or did not). */
export class FileSystemError extends Error {
  readonly code: string;
  /** Negative, as in Node. */
  readonly errno: number;
  readonly syscall: string;
  readonly path: string;
  /** World rank of the server concerned, if one was. */
  readonly serverRank: number | undefined;
  constructor(status: number, syscall: string, path: string, serverRank?: number) {
    const code = errnoName(status);
    super(`${code}: ${syscall} '${path}'${serverRank === undefined ? "" : ` on server rank ${serverRank}`}`);
    this.name = "FileSystemError";
    this.code = code;
    this.errno = -Math.abs(status);
    this.syscall = syscall;
    this.path = path;
    this.serverRank = serverRank;
  }
}
