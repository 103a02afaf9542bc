import { errno } from "../core/errno.ts";
import { pathBytesMax } from "../core/limits.ts";

// A component is anything without a slash or NUL but "." and ".."; half a surrogate pair has no UTF-8, so that two
// names that differ could become the same bytes: refused as well.
const wellFormed = /^(?:\/(?!\.\.?(?:\/|$))[^/\0\ud800-\udfff]+)+$/u;

/** What is wrong with `path` as text: -EINVAL, -ENAMETOOLONG, or 0. Too long a component is found on the way to it. */
export function pathStatus(path: string): number {
  if (path !== "/" && !wellFormed.test(path)) return -errno.EINVAL;
  // A UTF-16 unit is at most three bytes.
  const long = path.length * 3 > pathBytesMax && Buffer.byteLength(path) > pathBytesMax;
  return long ? -errno.ENAMETOOLONG : 0;
}

/** The directory that has `path`, as a path without a final slash: "" is the root. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** The last component; empty for the root. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
