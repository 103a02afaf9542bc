import { constants } from "node:fs";

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC } = constants;
const accessBits = O_RDONLY | O_WRONLY | O_RDWR;

/** The flags that have a meaning to a file system here. */
export const meaningfulFlags = accessBits | O_CREAT | O_EXCL | O_TRUNC;

/** Whether a handle opened with `flags` may be read. */
export function mayRead(flags: number): boolean {
  return (flags & accessBits) !== O_WRONLY;
}

/** Whether a handle opened with `flags` may be written. */
export function mayWrite(flags: number): boolean {
  return (flags & accessBits) !== O_RDONLY;
}

/** Permission bits of what is created without a mode: no umask changes these, wherever it is created. */
export const defaultFileMode = 0o644;
export const defaultDirectoryMode = 0o755;
