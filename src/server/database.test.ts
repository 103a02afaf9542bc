import { cpSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mountMissing, mountTmpfs } from "../../test/small-tmpfs.ts";
import { errno } from "../core/errno.ts";
import { fileKind } from "../core/inode.ts";
import { MiB } from "../core/units.ts";
import { CommitQueue } from "./commit-queue.ts";
import { Database, errnoOf, Key, keyNumber, keySuffix, table } from "./database.ts";
import { MetadataStore } from "./metadata-store.ts";

let path: string;
let database: Database;
const key = new Key();
const value = new Uint8Array(8);
const view = new DataView(value.buffer);

beforeEach(() => {
  path = mkdtempSync("/dev/shm/benchfs-database-");
  database = Database.open(join(path, "meta"), { durable: true });
});
afterEach(async () => {
  await database.close();
  rmSync(path, { recursive: true, force: true });
});

function put(ino: number, number: number): void {
  view.setFloat64(0, number, true);
  database.put(key.set(table.garbage, ino), value);
}

function numberOf(ino: number): number | undefined {
  return database.get(key.set(table.garbage, ino))?.getFloat64(0, true);
}

describe("the database", () => {
  it("shows a commit to the very next read, many times within one turn of libuv", () => {
    for (let i = 0; i < 20000; i++) {
      database.transaction(() => {
        expect(numberOf(7)).toBe(i === 0 ? undefined : i - 1);
        put(7, i);
      });
      if (numberOf(7) !== i) throw new Error(`read ${numberOf(7)} after the commit of ${i}`);
    }
  });

  it("does all of a transaction or nothing", () => {
    database.transaction(() => put(1, 1));
    const failing = (): void =>
      database.transaction(() => {
        put(1, 2);
        put(2, 2);
        throw Object.assign(new Error("full"), { code: errno.ENOSPC });
      });
    expect(failing).toThrow("full");
    expect([numberOf(1), numberOf(2)]).toEqual([1, undefined]);
  });

  it("orders keys by table, number and suffix, for numbers up to 2^53", () => {
    const inos = [0, 1, 255, 256, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER];
    database.transaction(() => {
      for (const ino of inos.toReversed()) {
        for (const chunk of [2 ** 32 - 1, 0, 256]) database.put(key.set(table.chunk, ino).u32(chunk), value);
      }
      put(Number.MAX_SAFE_INTEGER, 1);
    });
    const seen: [number, number][] = [];
    const visit = (found: Uint8Array): boolean => seen.push([keyNumber(found), keySuffix(found)]) > 0;
    database.scan(new Key().set(table.chunk, 0), new Key().set(table.discard, 0), visit);
    expect(seen).toEqual(inos.flatMap((ino) => [0, 256, 2 ** 32 - 1].map((chunk) => [ino, chunk])));
    for (const ino of inos) {
      seen.length = 0;
      database.scan(new Key().set(table.chunk, ino), new Key().afterAll(table.chunk, ino), visit);
      expect(seen.map(([found]) => found)).toEqual([ino, ino, ino]);
    }
  });

  it("is, in a copy taken at any moment, what was committed: as after a kill", async () => {
    for (let i = 0; i < 500; i++) database.transaction(() => put(i, i));
    database.sync();
    for (let i = 500; i < 700; i++) database.transaction(() => put(i, i));
    cpSync(join(path, "meta"), join(path, "image"), { recursive: true });
    const image = Database.open(join(path, "image"), { durable: true });
    for (let i = 0; i < 700; i++) expect(image.has(key.set(table.garbage, i))).toBe(true);
    expect(image.has(key.set(table.garbage, 700))).toBe(false);
    await image.close();
  });

  it.skipIf(mountMissing)("fails a commit with ENOSPC, and works on when there is room again", async () => {
    const small = mountTmpfs(8);
    const full = Database.open(join(small.path, "meta"), { durable: false });
    const commits = new CommitQueue(full);
    const store = new MetadataStore(full, 0);
    const name = (i: number): Uint8Array => Buffer.from(`${i}`.padEnd(200, "x"));
    const create = (i: number): Promise<number> =>
      commits.run(() => {
        const attributes = { ino: i, sizeBytes: 0, mtimeUs: 0, ctimeUs: 0, kind: fileKind, mode: 0 };
        store.putEntry(0, name(i), attributes);
        return 0;
      });
    writeFileSync(join(small.path, "other"), new Uint8Array(6 * MiB));
    let made = 0;
    let status = 0;
    while (status === 0 && made < 1e5) {
      const statuses = await Promise.all(Array.from({ length: 100 }, (_, i) => create(made + i)));
      status = statuses.find((each) => each !== 0) ?? 0;
      for (const [i, each] of statuses.entries()) expect(store.find(0, name(made + i)) !== undefined).toBe(each === 0);
      made += statuses.filter((each) => each === 0).length;
    }
    expect(status).toBe(-errno.ENOSPC);
    rmSync(join(small.path, "other"));
    expect(await create(made + 1000)).toBe(0);
    await full.close();
    small.unmount();
  });

  it("translates errors of LMDB, and of nobody else", () => {
    expect(errnoOf({ code: 28 })).toBe(-errno.ENOSPC);
    expect(errnoOf({ code: -30792 })).toBe(-errno.ENOSPC);
    expect(errnoOf({ code: -30796 })).toBe(-errno.EIO);
    expect(() => errnoOf(new TypeError("a bug"))).toThrow("a bug");
  });
});

describe("the metadata store", () => {
  it("keeps entries off the JavaScript heap", () => {
    const store = new MetadataStore(database, 0);
    const attributes = { ino: 1, sizeBytes: 0, mtimeUs: 0, ctimeUs: 0, kind: fileKind, mode: 0 };
    const fill = (first: number, count: number): void =>
      database.transaction(() => {
        for (let i = first; i < first + count; i++) store.putEntry(3, Buffer.from(`file.${i}`), attributes);
      });
    fill(0, 20000);
    const before = heapBytes();
    fill(20000, 200000);
    expect(heapBytes() - before).toBeLessThan(200000 * 10);
    expect(statSync(join(path, "meta", "data.mdb")).size).toBeGreaterThan(200000 * 40);
  });

  it("skips inode numbers that a crash or a failed commit may have used", async () => {
    const store = new MetadataStore(database, 2);
    const take = (): number => {
      let ino = 0;
      database.transaction(() => {
        ino = store.takeInode();
      });
      return ino;
    };
    const first = take();
    expect(first).toBe(2 * 2 ** 40 + 1);
    expect(take()).toBe(first + 1);
    expect(() =>
      database.transaction(() => {
        store.takeInode();
        throw new Error("failed");
      }),
    ).toThrow();
    store.forgetInodes();
    expect(take()).toBe(first + 3);
    const afterCrash = new MetadataStore(database, 2);
    let ino = 0;
    database.transaction(() => {
      ino = afterCrash.takeInode();
    });
    expect(ino).toBeGreaterThan(first + 3);
  });
});

/** After a full garbage collection. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
