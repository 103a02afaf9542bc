// Commits the transactions of `metadata.test.ts` to a database, one after the other, until it is killed.
//   node metadata.mjs <folder> <durability> <first transaction>
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Database } from "../../dist/server/database.js";
import { Key, table } from "../../dist/server/keys.js";
import { changesOf } from "./metadata-changes.mjs";

const [folder, durability, first] = process.argv.slice(2);
const database = Database.open(join(folder, "meta"), durability);
const acknowledged = openSync(join(folder, "acknowledged"), "r+");
const key = new Key();
const number = new Float64Array(1);
const bytes = new Uint8Array(number.buffer);
for (let i = Number(first); ; i++) {
  database.transaction(() => {
    for (const { ino, value } of changesOf(i)) {
      number[0] = value;
      if (value < 0) database.remove(key.set(table.garbage, ino));
      else database.put(key.set(table.garbage, ino), bytes);
    }
  });
  number[0] = i;
  writeSync(acknowledged, bytes, 0, 8, 0);
}
