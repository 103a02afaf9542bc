import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const dist = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const native = resolve(dist, "..", "native");

/**
 * Names this build: a hash over the code that runs, compiled and native. Ranks of different builds must not talk,
 * and a result row says which build made it. Blocks for a few milliseconds.
 */
export function buildHash(): string {
  const code = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const addons = readdirSync(native).map((name) => join(native, name, "build"));
  const files = [...code.map((name) => join(dist, name)), ...addons.flatMap(addonsIn)].sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}

function addonsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".node"))
      .map((name) => join(folder, name));
  } catch {
    return []; // A package without an addon.
  }
}
