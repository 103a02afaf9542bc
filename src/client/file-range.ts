import { errno } from "../core/errno.ts";

/** The last byte of a file ends here, so that every offset is exact in a double. */
export const fileBytesMax = Number.MAX_SAFE_INTEGER;

/** What is wrong with the arguments of a read or write: -EINVAL, -EFBIG, or 0. */
export function rangeStatus(buffer: Uint8Array, offset: number, length: number, position: number): number {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && Number.isSafeInteger(position);
  if (!whole || offset < 0 || length < 0 || position < 0 || offset + length > buffer.length) return -errno.EINVAL;
  return position > fileBytesMax - length ? -errno.EFBIG : 0;
}
