import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mountMissing, mountTmpfs } from "../../test/small-tmpfs.ts";
import { errno } from "../core/errno.ts";
import { fileKind } from "../core/inode.ts";
import { CommitQueue } from "./commit-queue.ts";
import { Database, errnoOf } from "./database.ts";
import { Key, keyNumber, keySuffix, table } from "./keys.ts";
import { MetadataStore } from "./metadata-store.ts";

let path: string;
let database: Database;
const key = new Key();
const value = new Uint8Array(8);
const view = new DataView(value.buffer);

beforeEach(() => {
  path = mkdtempSync("/dev/shm/benchfs-database-");
  database = Database.open(join(path, "meta"), "pagecache");
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

  it("is, in a copy taken at any moment, all that was acknowledged: as after a kill", async () => {
    const model = new Map<number, number>();
    for (let round = 0; round < 30; round++) {
      // Some rounds have a checkpoint in the middle.
      for (let i = 0; i < 40 * round; i++) {
        database.transaction(() => {
          const ino = (i * 7919 + round) % 500;
          if (i % 3 === 2) database.remove(key.set(table.garbage, ino));
          else put(ino, i);
          if (i % 3 === 2) model.delete(ino);
          else model.set(ino, i);
        });
      }
      const imagePath = join(path, `image${round}`);
      cpSync(join(path, "meta"), imagePath, { recursive: true });
      const image = Database.open(imagePath, "pagecache");
      for (let ino = 0; ino < 500; ino++) {
        expect(image.get(key.set(table.garbage, ino))?.getFloat64(0, true)).toBe(model.get(ino));
      }
      await image.close();
      rmSync(imagePath, { recursive: true });
    }
  });

  it("has, with its log torn anywhere, the transactions before that, each as a whole", async () => {
    const first = Database.open(join(path, "torn"), "device");
    const log = join(path, "torn", "log");
    for (let i = 0; i < 20; i++) {
      first.transaction(() => {
        for (const ino of [0, 1, 2]) {
          view.setFloat64(0, i, true);
          first.put(key.set(table.garbage, ino), value);
        }
      });
    }
    const whole = readFileSync(log);
    const end = whole.findLastIndex((byte) => byte !== 0) + 1;
    let last = -1;
    for (let cut = 0; cut < end + 61; cut += 61) {
      const imagePath = join(path, "image");
      cpSync(join(path, "torn"), imagePath, { recursive: true });
      writeFileSync(join(imagePath, "log"), Buffer.concat([whole.subarray(0, cut), Buffer.alloc(whole.length - cut)]));
      const image = Database.open(imagePath, "device");
      const [a, b, c] = [0, 1, 2].map((ino) => image.get(key.set(table.garbage, ino))?.getFloat64(0, true) ?? -1);
      expect([b, c]).toEqual([a, a]);
      expect(a).toBeGreaterThanOrEqual(last);
      last = a!;
      await image.close();
      rmSync(imagePath, { recursive: true });
    }
    expect(last).toBe(19);
    await first.close();
  });

  it("syncs its log once for all transactions since the last flush", async () => {
    let syncs = 0;
    const sync = async (): Promise<number> => {
      syncs++;
      return syncs === 1 ? -errno.EIO : 0;
    };
    database.transaction(() => put(1, 1));
    database.transaction(() => put(2, 1));
    expect(await database.flush(sync)).toBe(-errno.EIO);
    expect(await database.flush(sync)).toBe(0);
    expect(await database.flush(sync)).toBe(0);
    expect(syncs).toBe(2);
  });

  it.skipIf(mountMissing)("refuses on a full device what would grow it, before LMDB writes anything", async () => {
    const small = mountTmpfs(8);
    const full = Database.open(join(small.path, "meta"), "pagecache");
    const commits = new CommitQueue(full);
    const store = new MetadataStore(full, 0);
    const name = (i: number): Uint8Array => Buffer.from(`${i}`.padEnd(200, "x"));
    const attributes = { ino: 1, sizeBytes: 0, mtimeUs: 0, ctimeUs: 0, kind: fileKind, mode: 0 };
    const create = (i: number): Promise<number> =>
      commits.run(() => {
        store.putEntry(0, name(i), attributes);
        return 0;
      });
    const remove = (i: number): Promise<number> =>
      commits.run(() => {
        store.removeEntry(0, name(i));
        return 0;
      }, true);
    fillUp(small.path);
    let made = 0;
    let status = 0;
    while (status === 0 && made < 1e5) {
      const statuses = await Promise.all(Array.from({ length: 100 }, (_, i) => create(made + i)));
      status = statuses.find((each) => each !== 0) ?? 0;
      for (const [i, each] of statuses.entries()) expect(store.find(0, name(made + i)) !== undefined).toBe(each === 0);
      made += statuses.filter((each) => each === 0).length;
    }
    expect(status).toBe(-errno.ENOSPC);
    expect(() => full.transaction(() => store.putEntry(0, name(made), attributes))).toThrow("no space for metadata");
    for (let i = 0; i < made; i++) {
      expect(await remove(i)).toBe(0);
      expect(store.find(0, name(i))).toBe(undefined);
    }
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
    const fill = (first: number, count: number): void => {
      for (let i = first; i < first + count; i += 32) {
        database.transaction(() => {
          for (let j = i; j < i + 32; j++) store.putEntry(3, Buffer.from(`file.${j}`), attributes);
        });
      }
    };
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

/** Takes all the space that a file system has left. */
function fillUp(folder: string): void {
  const file = openSync(join(folder, "other"), "w");
  const block = new Uint8Array(4096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  } finally {
    closeSync(file);
  }
}

/** After a full garbage collection. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}
