import { constants } from "node:os";

const names = new Map<number, string>(Object.entries(constants.errno).map(([name, value]) => [value, name]));
// Where two names share a number, the one that people know.
names.set(constants.errno.EAGAIN, "EAGAIN");
names.set(constants.errno.EOPNOTSUPP, "EOPNOTSUPP");

/** Linux numbers that `node:os` does not list. */
const linux = { EHOSTDOWN: 112, ESTALE: 116 } as const;
for (const [name, value] of Object.entries(linux)) names.set(value, name);

/** Positive errno numbers by name. On the wire and in stores a failure is the negative of one of these. */
export const errno = { ...constants.errno, ...linux } as const;

/** "ENOENT" of 2 or of -2. */
export function errnoName(number: number): string {
  return names.get(Math.abs(number)) ?? `errno ${Math.abs(number)}`;
}
