import * as fs from "node:fs";
import { errno } from "../core/errno.ts";
import { assert } from "../core/errors.ts";
import { rangeStatus } from "./file-range.ts";
import type { DirectoryEntry, FileHandle, FileStat, FileSystem } from "./file-system.ts";
import { FileSystemError } from "./file-system.ts";
import { defaultDirectoryMode, defaultFileMode, mayRead, mayWrite, meaningfulFlags } from "./open-flags.ts";
import { pathStatus } from "./path.ts";

const closed = -1;
/** Entries that a caller of `readdirPart` gets at a time. */
const pageEntries = 1024;

/**
 * A plain directory as a `FileSystem`: the baseline of every workload. It calls the kernel synchronously, as IOR's
 * POSIX backend does: libuv's thread pool would add a hop of tens of microseconds, and threads, to each operation.
 */
export class PosixFileSystem implements FileSystem {
  readonly name = "posix";
  readonly directoryParts = 1;
  readonly #root: string;

  /** @param root An existing directory; "/" of the file system. */
  constructor(root: string) {
    this.#root = root;
  }

  async open(path: string, flags: number, mode = defaultFileMode): Promise<FileHandle> {
    const own = this.#place(path, "open");
    const fd = attempt("open", path, () => fs.openSync(own, flags & meaningfulFlags, mode));
    return new PosixFile(fd, path, flags);
  }

  async stat(path: string): Promise<FileStat> {
    const own = this.#place(path, "stat");
    return statOf(attempt("stat", path, () => fs.statSync(own)));
  }

  async unlink(path: string): Promise<void> {
    const own = this.#place(path, "unlink");
    attempt("unlink", path, () => fs.unlinkSync(own));
  }

  async mkdir(path: string, mode = defaultDirectoryMode): Promise<void> {
    const own = this.#place(path, "mkdir");
    attempt("mkdir", path, () => fs.mkdirSync(own, mode));
  }

  async rmdir(path: string): Promise<void> {
    const own = this.#place(path, "rmdir");
    // The root of a file system is always in use; here the kernel would not know.
    if (path === "/") throw new FileSystemError(-errno.EBUSY, "rmdir", path);
    attempt("rmdir", path, () => fs.rmdirSync(own));
  }

  async readdir(path: string): Promise<DirectoryEntry[]> {
    const own = this.#place(path, "readdir");
    const entries = attempt("readdir", path, () => fs.readdirSync(own, { withFileTypes: true }));
    return entries.map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? "directory" : "file" }));
  }

  async *readdirPart(path: string, part: number): AsyncGenerator<DirectoryEntry[]> {
    assert(part === 0, "a plain directory is one part");
    const entries = await this.readdir(path);
    for (let from = 0; from === 0 || from < entries.length; from += pageEntries) {
      yield entries.slice(from, from + pageEntries);
    }
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }

  #place(path: string, syscall: string): string {
    const status = pathStatus(path);
    if (status !== 0) throw new FileSystemError(status, syscall, path);
    return path === "/" ? this.#root : this.#root + path;
  }
}

class PosixFile implements FileHandle {
  readonly #path: string;
  readonly #flags: number;
  #fd: number;

  constructor(fd: number, path: string, flags: number) {
    this.#fd = fd;
    this.#path = path;
    this.#flags = flags;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    // Node asks the kernel only when there is something to move.
    this.#check("read", mayRead(this.#flags) ? 0 : -errno.EBADF);
    this.#check("read", rangeStatus(buffer, offset, length, position));
    let done = 0;
    // The kernel may return less than asked, at 2 GiB for one.
    while (done < length) {
      const bytes = attempt("read", this.#path, () =>
        fs.readSync(this.#fd, buffer, offset + done, length - done, position + done),
      );
      if (bytes === 0) break;
      done += bytes;
    }
    return { bytesRead: done };
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }> {
    this.#check("write", mayWrite(this.#flags) ? 0 : -errno.EBADF);
    this.#check("write", rangeStatus(buffer, offset, length, position));
    let done = 0;
    while (done < length) {
      done += attempt("write", this.#path, () =>
        fs.writeSync(this.#fd, buffer, offset + done, length - done, position + done),
      );
    }
    return { bytesWritten: length };
  }

  async sync(): Promise<void> {
    this.#check("fsync", 0);
    attempt("fsync", this.#path, () => fs.fsyncSync(this.#fd));
  }

  async stat(): Promise<FileStat> {
    this.#check("fstat", 0);
    return statOf(attempt("fstat", this.#path, () => fs.fstatSync(this.#fd)));
  }

  async close(): Promise<void> {
    this.#check("close", 0);
    const fd = this.#fd;
    this.#fd = closed;
    attempt("close", this.#path, () => fs.closeSync(fd));
  }

  #check(syscall: string, status: number): void {
    if (this.#fd === closed) throw new FileSystemError(-errno.EBADF, syscall, this.#path);
    if (status !== 0) throw new FileSystemError(status, syscall, this.#path);
  }
}

/** Calls the kernel and gives its errors the one shape that all file systems here have. */
function attempt<T>(syscall: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const number = (error as NodeJS.ErrnoException).errno;
    throw number === undefined ? error : new FileSystemError(number, syscall, path);
  }
}

function statOf(stats: fs.Stats): FileStat {
  return {
    ino: stats.ino,
    kind: stats.isDirectory() ? "directory" : "file",
    mode: stats.mode & 0o7777,
    size: stats.size,
    mtimeMs: stats.mtimeMs,
    ctimeMs: stats.ctimeMs,
  };
}
