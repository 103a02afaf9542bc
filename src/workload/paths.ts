import { type FileSystem, FileSystemError } from "../client/file-system.ts";

/** Awaits `operation`, and takes a failure with this code ("EEXIST") for success. */
export async function unless(code: string, operation: Promise<void>): Promise<void> {
  try {
    await operation;
  } catch (error) {
    if (!(error instanceof FileSystemError && error.code === code)) throw error;
  }
}

/** Makes a directory and those above it, as far as they are missing. Rejects with `FileSystemError`. */
export async function makeDirectories(fs: FileSystem, path: string): Promise<void> {
  for (let end = path.indexOf("/", 1); end !== -1; end = path.indexOf("/", end + 1)) {
    await unless("EEXIST", fs.mkdir(path.slice(0, end)));
  }
  await unless("EEXIST", fs.mkdir(path));
}

/** The directory that a path lies in; "" is the root. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
