import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KiB } from "../core/units.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

const bytes = 4 * KiB;
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync("/dev/shm/benchfs-log-");
  path = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One record: each text is put as its own key, or removed with a minus before it. */
function append(log: WriteAheadLog, ...changes: string[]): void {
  log.begin();
  for (const change of changes) {
    const key = Buffer.from(change.replace("-", ""));
    if (change.startsWith("-")) log.remove(key, key.length);
    else log.put(key, key.length, Buffer.from(`value of ${change}`));
  }
  log.append();
}

/** The changes that a process finds after record `after`, and its log. */
function recover(after: number): { found: string[]; log: WriteAheadLog } {
  const log = WriteAheadLog.open(path, bytes);
  const found: string[] = [];
  log.recover(after, (key, value) => {
    if (value !== undefined) expect(Buffer.from(value).toString()).toBe(`value of ${Buffer.from(key)}`);
    found.push(`${value === undefined ? "-" : ""}${Buffer.from(key)}`);
  });
  return { found, log };
}

describe("the write-ahead log", () => {
  it("gives back what was appended, from a given record on", () => {
    const { log } = recover(0);
    const first = log.sequence + 1;
    append(log, "a", "b");
    append(log, "-a");
    append(log, "c");
    log.close();
    expect(recover(first - 1).found).toEqual(["a", "b", "-a", "c"]);
    expect(recover(first).found).toEqual(["-a", "c"]);
    expect(recover(first + 2).found).toEqual([]);
  });

  it("ends, torn at any byte, before the record that is torn", () => {
    const { log } = recover(0);
    const after = log.sequence;
    const ends: number[] = [0];
    for (const name of ["first", "second", "third"]) {
      append(log, name, `-${name}`);
      ends.push(readFileSync(path).findLastIndex((byte) => byte !== 0) + 1);
    }
    log.close();
    const whole = readFileSync(path);
    for (let cut = 0; cut <= ends[3]!; cut++) {
      writeFileSync(path, Buffer.concat([whole.subarray(0, cut), Buffer.alloc(bytes - cut, 0xa5)]));
      const { found, log: again } = recover(after);
      again.close();
      expect(found.length).toBe(2 * ends.slice(1).filter((end) => end <= cut).length);
    }
  });

  it("never takes a record of an earlier round, however well it fits behind a new one", () => {
    const { log } = recover(0);
    const after = log.sequence;
    append(log, "lost");
    append(log, "old!");
    log.close();
    const file = readFileSync(path);
    file[0]! ^= 1; // The first record did not reach the device, the second did.
    writeFileSync(path, file);
    const { found, log: next } = recover(after);
    expect(found).toEqual([]);
    const applied = next.sequence;
    append(next, "new!"); // As long as the lost one: the old one follows.
    next.close();
    expect(recover(applied).found).toEqual(["new!"]);
  });

  it("starts anew at its beginning, and says when records are missing before it", () => {
    const { log } = recover(0);
    append(log, "a");
    append(log, "b");
    const applied = log.sequence;
    log.restart();
    append(log, "c");
    log.close();
    expect(recover(applied).found).toEqual(["c"]);
    expect(() => recover(applied - 1)).toThrow(`log continues at record ${applied + 1}`);
  });

  it("forgets a record that was not appended, and says what does not fit", () => {
    const log = WriteAheadLog.inMemory(bytes);
    log.begin();
    log.put(Buffer.from("x"), 1, Buffer.from("1"));
    expect(log.hasChanges).toBe(true);
    expect(log.fits(1, bytes)).toBe(false);
    append(log, "y");
    const keys: string[] = [];
    log.replay((key) => keys.push(Buffer.from(key).toString()));
    expect(keys).toEqual(["y"]);
  });
});
