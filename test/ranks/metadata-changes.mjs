/** Keys that the transactions change. */
export const keys = 3000;

/** What transaction `i` changes: three keys; a negative value is a removal. */
export function changesOf(i) {
  return [0, 1, 2].map((j) => ({ ino: (i * 7919 + j * 101) % keys, value: (i + j) % 4 === 0 ? -1 : i }));
}
