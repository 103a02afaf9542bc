import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../core/errors.ts";
import { chunkBytes } from "../core/limits.ts";

const formatFile = "format.json";
const formatVersion = 2;

/** What a storage directory must agree on with the server that opens it. */
export interface StorageFormat {
  readonly serverIndex: number;
  readonly servers: number;
}

const advice: Readonly<Record<string, string>> = {
  ENOENT: "create its parent directories first",
  ENOTDIR: "name a directory",
  EACCES: "make it writable for this user",
  EPERM: "make it writable for this user",
  EROFS: "name a directory on a writable file system",
  ENOSPC: "free some space, or name a directory on another device",
};

/** The error of a storage path: what was tried, errno, what to do. */
export function storageError(tried: string, path: string, cause: unknown): BenchError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  const hint = advice[code] === undefined ? "" : `: ${advice[code]}`;
  return new BenchError("ERR_STORAGE", `${tried} ${path}: ${code}${hint}`, { path, errno: code }, { cause });
}

/**
 * Makes the directory (not its parents) and marks it as this server's, or checks that it is.
 * @throws BenchError ERR_STORAGE: it cannot be made, read or written; it has other files, or is of another server,
 *   another number of servers, another chunk size or a newer version.
 */
export function claimStorageDirectory(path: string, format: StorageFormat): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw storageError("create storage path", path, error);
  }
  const entries = attempt("read storage path", path, () => readdirSync(path));
  const mine = { format: "benchfs", version: formatVersion, ...format, chunkBytes };
  const file = join(path, formatFile);
  if (entries.includes(formatFile)) {
    check(
      path,
      attempt("read", file, () => readFileSync(file, "utf8")),
      mine,
    );
    return;
  }
  const foreign = entries.filter((name) => name !== "lost+found" && name !== `${formatFile}.new`);
  if (foreign.length > 0) refuse(path, `it holds other files (${foreign[0]})`);
  attempt("write", file, () => {
    const fd = openSync(`${file}.new`, "w", 0o600);
    writeSync(fd, JSON.stringify(mine) + "\n");
    fsyncSync(fd);
    closeSync(fd);
    renameSync(`${file}.new`, file);
  });
}

function check(path: string, text: string, mine: Readonly<Record<string, string | number>>): void {
  let found: { format?: unknown } & Record<string, unknown>;
  try {
    found = JSON.parse(text);
  } catch {
    refuse(path, `its ${formatFile} cannot be read`);
  }
  if (found.format !== "benchfs") refuse(path, `its ${formatFile} is of another program`);
  for (const key of ["version", "servers", "serverIndex", "chunkBytes"]) {
    if (found[key] !== mine[key]) refuse(path, `its ${key} is ${found[key]}, this server's ${mine[key]}`);
  }
}

function refuse(path: string, reason: string): never {
  const message = `storage path ${path}: ${reason}: empty it, or name another directory`;
  throw new BenchError("ERR_STORAGE", message, { path });
}

function attempt<T>(tried: string, path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw storageError(tried, path, error);
  }
}
