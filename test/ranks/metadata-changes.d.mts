export const keys: number;
export function changesOf(i: number): { ino: number; value: number }[];
