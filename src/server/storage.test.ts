import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allocate } from "napi-io-uring";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { poll } from "../../test/polled.ts";
import { mountMissing, mountTmpfs } from "../../test/small-tmpfs.ts";
import { errno } from "../core/errno.ts";
import { chunkBytes } from "../core/limits.ts";
import { MiB } from "../core/units.ts";
import type { Durability, Storage } from "./storage.ts";
import { MemoryStorage } from "./storage-memory.ts";
import { isTmpfs, TmpfsStorage } from "./storage-tmpfs.ts";
import { UringStorage } from "./storage-uring.ts";

const arenaBytes = 3 * chunkBytes;

interface Backend {
  readonly title: string;
  readonly parent: string;
  open(path: string, arena: Uint8Array): { storage: Storage; stop(): void };
}

function openUring(path: string, arena: Uint8Array, durability: Exclude<Durability, "memory">) {
  const storage = UringStorage.open({ path, arena, durability });
  const reactor = poll(storage);
  return { storage, stop: () => reactor.stop() };
}

function openTmpfs(path: string, arena: Uint8Array) {
  expect(isTmpfs(path)).toBe(true);
  const storage = TmpfsStorage.open({ path, arena, durability: "pagecache" });
  const reactor = poll(storage.uring);
  return { storage, stop: () => reactor.stop() };
}

const backends: Backend[] = [
  {
    title: "memory",
    parent: "/dev/shm",
    open: (_, arena) => ({ storage: new MemoryStorage(arena, 64 * MiB), stop: () => {} }),
  },
  {
    title: "uring, page cache of tmpfs",
    parent: "/dev/shm",
    open: (path, arena) => openUring(path, arena, "pagecache"),
  },
  { title: "tmpfs", parent: "/dev/shm", open: openTmpfs },
  { title: "uring, device", parent: "/var/tmp", open: (path, arena) => openUring(path, arena, "device") },
];

describe.each(backends)("$title", ({ title, parent, open }) => {
  let path: string;
  let arena: Uint8Array;
  let storage: Storage;
  let stop: () => void;
  const close = async (): Promise<void> => {
    stop();
    await storage.close();
  };
  beforeEach(() => {
    path = mkdtempSync(`${parent}/benchfs-storage-`);
    arena = new Uint8Array(allocate(arenaBytes));
    ({ storage, stop } = open(path, arena));
  });
  afterEach(async () => {
    await close();
    rmSync(path, { recursive: true, force: true });
  });

  it("reads what was written last, at any offset and length, zeros elsewhere", async () => {
    const model = [new Uint8Array(chunkBytes), new Uint8Array(chunkBytes)];
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const peer = storage.attach(new Uint8Array(allocate(arenaBytes)));
    expect(peer.index).toBe(1);
    for (let step = 0; step < 300; step++) {
      const slot = random(2);
      // Memory of this process, or what the network has mapped.
      const memory = random(2) === 0 ? storage.arena : peer;
      // Half of them aligned, so that both ways to the device meet.
      const unit = random(2) === 0 ? 4096 : 1;
      const bytes = Math.min(unit * (1 + random(step % 10 === 0 ? chunkBytes / unit : 65536 / unit)), chunkBytes);
      const slotOffset = unit * random((chunkBytes - bytes) / unit + 1);
      const at = unit * random((arenaBytes - bytes) / unit + 1);
      if (random(2) === 0) {
        for (let i = 0; i < bytes; i += 97) memory.bytes[at + i] = random(256);
        model[slot]!.set(memory.bytes.subarray(at, at + bytes), slotOffset);
        expect(await storage.write(slot, slotOffset, memory, at, bytes)).toBe(bytes);
      } else {
        memory.bytes.fill(0xaa, at, at + bytes);
        expect(await storage.read(slot, slotOffset, memory, at, bytes)).toBe(bytes);
        const expected = Buffer.from(model[slot]!.buffer, slotOffset, bytes);
        expect(expected.equals(memory.bytes.subarray(at, at + bytes)), `step ${step}`).toBe(true);
      }
    }
  });

  it("gives zeros after a discard", async () => {
    arena.fill(7);
    await storage.write(1, 0, storage.arena, 0, chunkBytes);
    await storage.write(2, 0, storage.arena, 0, chunkBytes);
    expect(await storage.discard(1)).toBe(0);
    await storage.read(1, 0, storage.arena, 0, chunkBytes);
    expect(arena.subarray(0, chunkBytes).every((byte) => byte === 0)).toBe(true);
    await storage.read(2, 0, storage.arena, 0, chunkBytes);
    expect(arena.subarray(0, chunkBytes).every((byte) => byte === 7)).toBe(true);
  });

  it("takes more operations at once than the ring has room for", async () => {
    const operations = Array.from({ length: 1000 }, (_, i) => {
      arena[i * 4096] = i & 0xff;
      return storage.write(i % storage.slots > 3 ? 3 : i % 4, i * 4096, storage.arena, i * 4096, 4096);
    });
    expect(await Promise.all(operations)).toEqual(operations.map(() => 4096));
    expect(await storage.flush()).toBe(0);
  });

  it("refuses what leaves a slot, the storage or the arena", async () => {
    expect(await storage.write(storage.slots, 0, storage.arena, 0, 1)).toBe(-errno.EINVAL);
    expect(await storage.write(0, chunkBytes, storage.arena, 0, 1)).toBe(-errno.EINVAL);
    expect(await storage.read(0, 0, storage.arena, arenaBytes, 1)).toBe(-errno.EINVAL);
    expect(await storage.read(-1, 0, storage.arena, 0, 1)).toBe(-errno.EINVAL);
    expect(await storage.discard(storage.slots)).toBe(-errno.EINVAL);
  });

  // Class `memory` keeps nothing.
  if (title === "memory") return;
  it("keeps its data when it is opened again", async () => {
    arena.fill(9);
    await storage.write(5, 100, storage.arena, 0, 1000);
    const { slots } = storage;
    await close();
    ({ storage, stop } = open(path, arena));
    expect(storage.slots).toBeGreaterThanOrEqual(slots);
    await storage.read(5, 99, storage.arena, 0, 1002);
    expect([arena[0], arena[1], arena[1000], arena[1001]]).toEqual([0, 9, 9, 0]);
  });
});

describe("io_uring storage", () => {
  it("goes around the page cache in class device where the file system can", async () => {
    const path = mkdtempSync("/var/tmp/benchfs-storage-");
    const arena = new Uint8Array(allocate(chunkBytes));
    const { storage, stop } = openUring(path, arena, "device");
    arena.fill(3);
    expect(await storage.write(0, 0, storage.arena, 0, chunkBytes)).toBe(chunkBytes);
    expect((storage as UringStorage).direct).toBe(true);
    // What another descriptor reads through the page cache is the same.
    const seen = new Uint8Array(chunkBytes);
    const fd = openSync(join(path, "chunks.0"), "r");
    readSync(fd, seen);
    closeSync(fd);
    expect(seen.every((byte) => byte === 3)).toBe(true);
    stop();
    await storage.close();
    rmSync(path, { recursive: true });
  });

  it.skipIf(mountMissing).each([
    ["io_uring", (path: string, arena: Uint8Array) => openUring(path, arena, "pagecache")],
    ["plain calls", openTmpfs],
  ])("has as many slots as fit, and says ENOSPC when others took the space, by %s", async (_, open) => {
    const small = mountTmpfs(32);
    const arena = new Uint8Array(allocate(chunkBytes));
    const { storage, stop } = open(small.path, arena);
    expect(storage.slots).toBe(6);
    writeFileSync(join(small.path, "other"), new Uint8Array(26 * MiB));
    expect(await storage.write(0, 0, storage.arena, 0, chunkBytes)).toBe(chunkBytes);
    expect(await storage.write(1, 0, storage.arena, 0, chunkBytes)).toBe(-errno.ENOSPC);
    stop();
    await storage.close();
    small.unmount();
  });

  it.skipIf(mountMissing)("refuses a path without room for a chunk", () => {
    const small = mountTmpfs(8);
    const arena = new Uint8Array(allocate(chunkBytes));
    expect(() => openUring(small.path, arena, "pagecache")).toThrow(/8 MiB free: too little/);
    small.unmount();
  });
});
