import { execFileSync } from "node:child_process";
import { constants, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalServers, pattern } from "../../test/local-servers.ts";
import { mountMissing, mountTmpfs } from "../../test/small-tmpfs.ts";
import { errno } from "../core/errno.ts";
import { chunkBytes, inlineBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";

const { O_CREAT, O_RDWR, O_TRUNC } = constants;
const root = 0;

let cluster: LocalServers;
afterEach(() => cluster.destroy());

async function create(name: string, flags = O_CREAT | O_RDWR): Promise<number> {
  const { status, ino } = await cluster.named(0, operations.open, name, { parent: root, flags, mode: 0o644 });
  expect(status).toBe(0);
  return ino;
}

const unlink = (name: string) => cluster.named(0, operations.unlink, name, { parent: root });
const freeSlots = () => cluster.servers.reduce((sum, server) => sum + server.freeSlots, 0);

function writeInline(client: number, ino: number, chunk: number, offsetBytes: number, payload: Uint8Array) {
  const server = cluster.serverOf(ino, chunk);
  return cluster.call(client, server, operations.writeInline, { ino, chunk, offsetBytes }, { payload });
}

async function readInline(client: number, ino: number, chunk: number, offsetBytes: number, lengthBytes: number) {
  let data = new Uint8Array(0);
  const onPayload = (payload: Uint8Array): void => {
    data = payload.slice();
  };
  const request = { ino, chunk, offsetBytes, lengthBytes };
  const server = cluster.serverOf(ino, chunk);
  const { status } = await cluster.call(client, server, operations.readInline, request, { onPayload });
  return { status, data };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

describe.each([
  ["memory", "by RMA", false],
  ["memory", "in place", true],
  ["uring", "by RMA", false],
  ["uring", "in place", true],
] as const)("chunks over %s, moved %s", (storage, _, mapped) => {
  beforeEach(async () => {
    cluster = await LocalServers.open({ servers: 2, clients: 3, storage, mapped, seed: 7 });
  });

  it("are written and read, inline and not, at any offset; zeros where nothing was written", async () => {
    const ino = await create("f");
    const model = new Uint8Array(chunkBytes);
    const put = (offset: number, data: Uint8Array): void => model.set(data, offset);
    for (const [offset, bytes] of [
      [0, 1],
      [3901, 3901],
      [16383, inlineBytes],
      [chunkBytes - 5, 5],
    ] as const) {
      const data = pattern(bytes, offset);
      put(offset, data);
      expect((await writeInline(0, ino, 3, offset, data)).status).toBe(0);
    }
    for (const [offset, bytes] of [
      [47008, 47008],
      [1 << 20, 1 << 20],
      [chunkBytes - 70000, 69000],
    ] as const) {
      const data = pattern(bytes, offset);
      put(offset, data);
      expect(await cluster.write(0, ino, 3, offset, data)).toBe(0);
    }
    expect(Buffer.from(model).equals(await cluster.read(1, ino, 3, 0, chunkBytes))).toBe(true);
    const { status, data } = await readInline(1, ino, 3, 47000, 1000);
    expect([status, Buffer.from(model.subarray(47000, 48000)).equals(data)]).toEqual([0, true]);
    expect((await readInline(1, ino, 4, 0, 100)).data).toEqual(new Uint8Array(100));
    expect(await cluster.read(1, ino, 4, 5, 20000)).toEqual(new Uint8Array(20000));
    expect(cluster.servers.reduce((sum, { counters }) => sum + counters.bytesWritten, 0)).toBe(
      1 + 3901 + inlineBytes + 5 + 47008 + (1 << 20) + 69000,
    );
  });

  it("refuse what leaves the chunk or the message", async () => {
    const ino = await create("f");
    const bad = { ino, chunk: 0, offsetBytes: chunkBytes - 1, lengthBytes: 2 };
    const server = cluster.serverOf(ino, 0);
    for (const range of [bad, { ...bad, offsetBytes: 0, lengthBytes: 0 }]) {
      const statuses = [
        await cluster.call(0, server, operations.writeChunk, { ...range, sourceOffset: 0 }),
        await cluster.call(0, server, operations.readChunk, { ...range, targetOffset: 0 }),
        await cluster.call(0, server, operations.readInline, range),
      ].map(({ status }) => status);
      expect(statuses).toEqual([-errno.EINVAL, -errno.EINVAL, -errno.EINVAL]);
    }
    expect((await writeInline(0, ino, 0, chunkBytes - 1, new Uint8Array(2))).status).toBe(-errno.EINVAL);
    expect((await readInline(0, ino, 0, 0, inlineBytes + 1)).status).toBe(-errno.EINVAL);
    if (!mapped) return; // RMA has bounds of its own.
    const beyond = { ino, chunk: 0, offsetBytes: 0, lengthBytes: 2 };
    const end = cluster.clients[0]!.arena.length - 1;
    expect((await cluster.call(0, server, operations.writeChunk, { ...beyond, sourceOffset: end })).status).toBe(
      -errno.EINVAL,
    );
    expect((await cluster.call(0, server, operations.readChunk, { ...beyond, targetOffset: end })).status).toBe(
      -errno.EINVAL,
    );
  });

  it("of one first write by many clients at once agree on a slot", async () => {
    const before = freeSlots();
    const ino = await create("f");
    const pieces = Array.from({ length: 60 }, (_, i) => pattern(1000, i));
    const written = await Promise.all(pieces.map((piece, i) => writeInline(i % 3, ino, 0, i * 1000, piece)));
    expect(written.every(({ status }) => status === 0)).toBe(true);
    expect(before - freeSlots()).toBe(1);
    for (const [i, piece] of pieces.entries())
      expect((await readInline(0, ino, 0, i * 1000, 1000)).data).toEqual(piece);
  });

  it("give their space back after unlink, and never show old data", async () => {
    const all = freeSlots();
    const data = new Uint8Array(chunkBytes).fill(1);
    for (let round = 0; round < 3; round++) {
      const ino = await create("f");
      for (let chunk = 0; chunk < 9; chunk++) expect(await cluster.write(0, ino, chunk, 0, data)).toBe(0);
      expect(all - freeSlots()).toBe(9);
      const size = { parent: root, ino, sizeBytes: 9 * chunkBytes, mtimeUs: 0 };
      expect((await cluster.named(0, operations.extend, "f", size)).status).toBe(0);
      await unlink("f");
      await until(() => freeSlots() === all);
    }
    const ino = await create("g");
    for (let chunk = 0; chunk < 9; chunk++) {
      await writeInline(0, ino, chunk, 9, Uint8Array.of(1));
      const expected = Buffer.alloc(chunkBytes);
      expected[9] = 1;
      expect(expected.equals(await cluster.read(0, ino, chunk, 0, chunkBytes))).toBe(true);
    }
  });

  it("give their space back when the writer tells the size of a file that was removed, or made anew", async () => {
    const all = freeSlots();
    for (const again of [false, true]) {
      const ino = await create("f");
      for (let chunk = 0; chunk < 9; chunk++) await writeInline(0, ino, chunk, 0, Uint8Array.of(1));
      await unlink("f");
      const other = again ? await create("f") : ino;
      const size = { parent: root, ino, sizeBytes: 9 * chunkBytes, mtimeUs: 0 };
      expect((await cluster.named(0, operations.extend, "f", size)).status).toBe(-errno.ENOENT);
      await until(() => freeSlots() === all);
      if (again) expect((await cluster.named(0, operations.lookup, "f", { parent: root })).ino).toBe(other);
    }
  });

  it("give their space back on all servers when a client died before it told the size", async () => {
    const all = freeSlots();
    const ino = await create("f");
    for (let chunk = 0; chunk < 6; chunk++) await writeInline(1, ino, chunk, 0, Uint8Array.of(1));
    cluster.network.kill(3);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await unlink("f");
    await until(() => freeSlots() === all);
  });

  it("are gone when O_TRUNC has been answered, on all servers", async () => {
    const ino = await create("f");
    for (let chunk = 0; chunk < 4; chunk++) await cluster.write(0, ino, chunk, 0, pattern(50000, chunk));
    expect(await create("f", O_RDWR | O_TRUNC)).toBe(ino);
    for (let chunk = 0; chunk < 4; chunk++) {
      expect((await cluster.read(1, ino, chunk, 0, 50000)).findIndex((byte) => byte !== 0)).toBe(-1);
    }
  });
});

describe("a server without a free slot", () => {
  it("says ENOSPC before anything is written, and has room again after unlink", async () => {
    cluster = await LocalServers.open({ servers: 2, clients: 3, seed: 7 });
    const ino = await create("f");
    const statuses: number[] = [];
    for (let chunk = 0; chunk < 40; chunk++)
      statuses.push((await writeInline(0, ino, chunk, 0, Uint8Array.of(1))).status);
    expect(statuses.filter((status) => status === -errno.ENOSPC)).toHaveLength(8);
    expect(await cluster.write(0, ino, 39, 0, new Uint8Array(chunkBytes))).toBe(-errno.ENOSPC);
    expect((await writeInline(0, ino, 0, 0, Uint8Array.of(2))).status).toBe(0);
    const size = { parent: root, ino, sizeBytes: 40 * chunkBytes, mtimeUs: 0 };
    await cluster.named(0, operations.extend, "f", size);
    await unlink("f");
    await until(() => freeSlots() === 32);
    expect((await writeInline(0, await create("g"), 0, 0, Uint8Array.of(1))).status).toBe(0);
  });
});

describe("buffers for RMA", () => {
  beforeEach(async () => {
    cluster = await LocalServers.open({ servers: 1, clients: 3 });
  });
  const read = (client: number) =>
    cluster.call(client, 0, operations.readChunk, {
      ...{ ino: 5, chunk: 0, offsetBytes: 0, lengthBytes: 4096 },
      targetOffset: 0,
    });

  it("make later requests wait, peers by turns", async () => {
    const order: number[] = [];
    const clients = [0, 0, 0, 0, 0, 0, 1, 2];
    await Promise.all(clients.map((client) => read(client).then(({ status }) => order.push(status || client))));
    expect(cluster.servers[0]!.counters.bufferWaits).toBe(5);
    // Three at once; then each client has one turn before client 0 has the next.
    expect([order.slice(0, 3), order.slice(3, 6).sort(), order.slice(6)]).toEqual([
      [0, 0, 0],
      [0, 1, 2],
      [0, 0],
    ]);
  });

  it("come back when their peer dies, whether it waited or had one", async () => {
    const all = cluster.servers[0]!.freeBuffers;
    const ended = Promise.all([0, 0, 0, 0, 1].map(read));
    await until(() => cluster.servers[0]!.freeBuffers < all);
    cluster.network.kill(1);
    expect((await ended).map(({ status }) => status)).toEqual([...new Array(4).fill(-errno.EHOSTDOWN), 0]);
    await until(() => cluster.servers[0]!.freeBuffers === all);
    expect((await Promise.all([1, 1, 2, 2].map(read))).map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  });
});

describe("after the servers died at any moment", () => {
  it("what was acknowledged is there, unlinked space comes back, and nothing else changed", async () => {
    cluster = await LocalServers.open({ servers: 2, storage: "uring", durability: "device" });
    const all = freeSlots();
    const kept = await create("kept");
    const gone = await create("gone");
    for (let chunk = 0; chunk < 5; chunk++) {
      expect(await cluster.write(0, kept, chunk, 100, pattern(50000, chunk))).toBe(0);
      expect(await cluster.write(0, gone, chunk, 0, pattern(50000, 9))).toBe(0);
    }
    await cluster.named(0, operations.extend, "gone", { parent: root, ino: gone, sizeBytes: 50000, mtimeUs: 0 });
    for (const server of [0, 1]) expect((await cluster.call(0, server, operations.flush, {})).status).toBe(0);
    expect(cluster.servers.every(({ counters }) => counters.flushes === 1)).toBe(true);
    // The files as a killed process leaves them: a copy, made right after the unlink was answered.
    expect((await unlink("gone")).status).toBe(0);
    const image = mkdtempSync("/dev/shm/benchfs-image-");
    execFileSync("cp", ["-a", "--sparse=always", ...[0, 1].map((i) => join(cluster.directory, `${i}`)), image]);
    await cluster.destroy();

    cluster = await LocalServers.open({ servers: 2, storage: "uring", durability: "device", directory: image });
    await until(() => freeSlots() >= all - 5);
    const found = await cluster.named(0, operations.lookup, "kept", { parent: root });
    expect(found.ino).toBe(kept);
    expect((await cluster.named(0, operations.lookup, "gone", { parent: root })).status).toBe(-errno.ENOENT);
    for (let chunk = 0; chunk < 5; chunk++) {
      expect(await cluster.read(0, kept, chunk, 100, 50000)).toEqual(pattern(50000, chunk));
      expect(await cluster.read(0, gone, chunk, 0, 50000)).toEqual(new Uint8Array(50000));
    }
    const fresh = await create("fresh");
    expect([kept, gone]).not.toContain(fresh);
    await writeInline(0, fresh, 0, 0, Uint8Array.of(1));
    expect((await cluster.read(0, fresh, 0, 1, 60000)).every((byte) => byte === 0)).toBe(true);
  });

  it("class memory starts empty", async () => {
    cluster = await LocalServers.open({ servers: 1, durability: "memory" });
    await create("f");
    await cluster.close();
    cluster = await LocalServers.open({ servers: 1, durability: "memory", directory: cluster.directory });
    expect((await cluster.named(0, operations.lookup, "f", { parent: root })).status).toBe(-errno.ENOENT);
  });
});

describe("a full device", () => {
  it.skipIf(mountMissing)("answers ENOSPC, keeps what it has, and works again after unlink", async () => {
    const small = mountTmpfs(32);
    cluster = await LocalServers.open({ servers: 1, storage: "uring", directory: small.path });
    const slots = freeSlots();
    expect(slots).toBe(5);
    const ino = await create("f");
    const data = (chunk: number): Uint8Array => new Uint8Array(chunkBytes).fill(chunk + 1);
    for (let chunk = 0; chunk < slots; chunk++) expect(await cluster.write(0, ino, chunk, 0, data(chunk))).toBe(0);
    expect(await cluster.write(0, ino, slots, 0, data(slots))).toBe(-errno.ENOSPC);
    for (let chunk = 0; chunk < slots; chunk++) {
      expect(Buffer.from(data(chunk)).equals(await cluster.read(0, ino, chunk, 0, chunkBytes))).toBe(true);
    }
    const size = { parent: root, ino, sizeBytes: slots * chunkBytes, mtimeUs: 0 };
    await cluster.named(0, operations.extend, "f", size);
    await unlink("f");
    await until(() => freeSlots() === slots);
    expect(await cluster.write(0, await create("g"), 0, 0, data(0))).toBe(0);
    await cluster.close();
    small.unmount();
    cluster = await LocalServers.open({ servers: 1 });
  });
});

describe("a dead server", () => {
  it("does not keep the others from giving space back, with more garbage than fits a message", async () => {
    cluster = await LocalServers.open({ servers: 3, durability: "memory" });
    const flags = O_CREAT | O_RDWR;
    const names = Array.from({ length: 7000 }, (_, i) => `f${i}`);
    // All of them on the surviving metadata servers; data of the last on the surviving data servers.
    cluster.network.kill(2);
    const made: { name: string; ino: number }[] = [];
    const request = { parent: root, flags, mode: 0 };
    const replies = await Promise.all(names.map((name) => cluster.named(0, operations.open, name, request)));
    for (const [i, { status, ino }] of replies.entries()) if (status === 0) made.push({ name: names[i]!, ino });
    expect(made.length).toBeGreaterThan(2 * 2048);
    const before = [0, 1].map((server) => cluster.servers[server]!.freeSlots);
    for (const { ino } of made.slice(-20)) {
      if (cluster.serverOf(ino, 0) !== 2) await writeInline(0, ino, 0, 0, Uint8Array.of(1));
    }
    expect([0, 1].map((server) => cluster.servers[server]!.freeSlots)).not.toEqual(before);
    await Promise.all(made.map(({ name }) => unlink(name)));
    await until(() => [0, 1].every((server) => cluster.servers[server]!.freeSlots === before[server]));
  });
});
