export const KiB = 1024;
export const MiB = 1024 * KiB;
export const sizeText = (bytes) => (bytes < MiB ? `${bytes / KiB} KiB` : `${bytes / MiB} MiB`);
/** Small transfers are counted, in thousands, large ones weighed; `scale` makes it of transfers a second. */
export const rateOf = (bytes) => (bytes < MiB ? { unit: "k/s", scale: 1e-3 } : { unit: "MiB/s", scale: bytes / MiB });
