import { constants } from "node:fs";
import fc from "fast-check";
import { chunkBytes, inlineBytes } from "../src/core/limits.ts";
import { MiB } from "../src/core/units.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;

/** One step of a random program. `client` and `handle` count modulo how many there are. */
export type Step =
  | {
      readonly do: "open";
      readonly client: number;
      readonly path: string;
      readonly flags: number;
      readonly mode: number;
    }
  | {
      readonly do: "read" | "write";
      readonly handle: number;
      readonly position: number;
      readonly bytes: number;
      readonly inArena: boolean;
    }
  | { readonly do: "sync" | "close" | "fstat"; readonly handle: number }
  | { readonly do: "stat" | "unlink" | "mkdir" | "rmdir" | "readdir"; readonly client: number; readonly path: string };

/** More than any step moves. */
export const stepBytesMax = 6 * MiB;

// Few names, so that steps meet: files and directories of one name, directories that are gone, files as directories.
const longName = "n".repeat(255);
const names = ["/a", "/b", "/d", "/d/a", "/d/b", "/d/e", "/d/e/a", "/d/e/日本語", "/a/x"];
const path = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...names) },
  { weight: 1, arbitrary: fc.constantFrom("/", `/${longName}`, `/${longName}n`, `/d/${longName}n`, "/d/../a", "d") },
);
const directory = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("/d", "/d/e", "/b") },
  { weight: 1, arbitrary: path },
);

const flags = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(O_RDWR | O_CREAT, O_WRONLY | O_CREAT, O_RDWR, O_RDONLY) },
  { weight: 1, arbitrary: fc.constantFrom(O_RDWR | O_CREAT | O_EXCL, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_TRUNC) },
);

// Sizes and offsets of the IOR and mdtest runs, the switches of the protocol, and the borders of chunks.
const bytes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1, 3901, inlineBytes, inlineBytes + 1, 47_008) },
  { weight: 4, arbitrary: fc.nat(100_000) },
  { weight: 1, arbitrary: fc.constantFrom(1 * MiB + 1, chunkBytes, 5 * MiB + 3, stepBytesMax) },
);
const position = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 3901, 47_008) },
  { weight: 3, arbitrary: fc.nat(300_000) },
  { weight: 2, arbitrary: fc.nat(200).map((n) => n * 47_008) },
  { weight: 2, arbitrary: fc.constantFrom(chunkBytes - 1, chunkBytes - 20_000, chunkBytes, 2 * chunkBytes - 1) },
);

const client = fc.nat(2);
const handle = fc.nat(7);
const transfer = { handle, position, bytes, inArena: fc.boolean() };
const mode = fc.constantFrom(0o644, 0o600);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("open" as const), client, path, flags, mode }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant("write" as const), ...transfer }) },
  { weight: 14, arbitrary: fc.record({ do: fc.constant("read" as const), ...transfer }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("sync" as const, "fstat" as const), handle }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("close" as const), handle }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("mkdir" as const), client, path: directory }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("rmdir" as const, "readdir" as const), client, path: directory }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom("stat" as const, "unlink" as const), client, path }) },
);
