/** Bytes in a binary unit. Rates and sizes of files, chunks and transfers are binary, as in IOR. */
export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

const factors: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: KiB,
  m: MiB,
  g: GiB,
  t: TiB,
  kib: KiB,
  mib: MiB,
  gib: GiB,
  tib: TiB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

/**
 * Reads a size: "4m", "4MiB" and "4194304" are the same; k, m, g, t are binary as in IOR, kB, MB, GB, TB decimal.
 * @returns Whole bytes, or undefined if the text is no size or is no whole number of bytes up to 2^53.
 */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = match === null ? undefined : factors[match[2]!.toLowerCase()];
  if (match === null || factor === undefined) return undefined;
  const bytes = Number(match[1]) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes a size with the largest unit that leaves it exact ("4 MiB", "47008 B"). */
export function formatSize(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (unit < units.length - 1 && value !== 0 && value % 1024 === 0) {
    value /= 1024;
    unit++;
  }
  return `${value} ${units[unit]}`;
}
