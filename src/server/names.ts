import { errno } from "../core/errno.ts";
import { nameBytesMax } from "../core/limits.ts";

const slash = 0x2f;
const dot = 0x2e;

/** 0 if the bytes can name an entry; EINVAL for "", ".", "..", "/" or NUL within; ENAMETOOLONG. */
export function checkName(name: Uint8Array): number {
  if (name.length > nameBytesMax) return -errno.ENAMETOOLONG;
  if (name.length === 0) return -errno.EINVAL;
  if (name[0] === dot && (name.length === 1 || (name.length === 2 && name[1] === dot))) return -errno.EINVAL;
  for (let i = 0; i < name.length; i++) if (name[i] === slash || name[i] === 0) return -errno.EINVAL;
  return 0;
}
