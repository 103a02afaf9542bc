import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Database } from "../../src/server/database.ts";
import { Key, table } from "../../src/server/keys.ts";
import { changesOf, keys } from "./metadata-changes.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/dev/shm/benchfs-killed-");
  writeFileSync(join(folder, "acknowledged"), new Uint8Array(new Float64Array([-1]).buffer));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number of the last transaction that was acknowledged. */
function acknowledged(): number {
  return readFileSync(join(folder, "acknowledged")).readDoubleLE(0);
}

/** Every key's value after all transactions up to number `last`. */
function model(last: number): number[] {
  const values: number[] = new Array(keys).fill(-1);
  for (let i = 0; i <= last; i++) for (const { ino, value } of changesOf(i)) values[ino] = value;
  return values;
}

describe("the metadata of a server that is killed", () => {
  it.each(["pagecache", "device"] as const)("have all that was acknowledged, in class %s", async (durability) => {
    for (let round = 0; round < 4; round++) {
      const first = acknowledged() + 1;
      const script = join(import.meta.dirname, "metadata.mjs");
      const writer = spawn(process.execPath, [script, folder, durability, `${first}`], { stdio: "inherit" });
      const end = once(writer, "exit");
      while (acknowledged() < first + 300 && writer.exitCode === null) await sleep(5);
      await sleep(7 * round);
      writer.kill("SIGKILL");
      expect(await end).toEqual([null, "SIGKILL"]);

      const database = Database.open(join(folder, "meta"), durability);
      const key = new Key();
      const found = Array.from(
        { length: keys },
        (_, ino) => database.get(key.set(table.garbage, ino))?.getFloat64(0, true) ?? -1,
      );
      // One more may have been in the log already. The next process does it again, which changes nothing.
      const last = acknowledged();
      expect([model(last), model(last + 1)]).toContainEqual(found);
      await database.close();
    }
    expect(existsSync(join(folder, "meta", "log"))).toBe(true);
  });
});
