import { constants } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { FileHandle } from "../src/client/file-system.ts";
import { chunkBytes } from "../src/core/limits.ts";
import { KiB, MiB } from "../src/core/units.ts";
import { LocalCluster, type LocalClusterOptions } from "./local-cluster.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const create = O_RDWR | O_CREAT;

let cluster: LocalCluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function start(options: Partial<LocalClusterOptions> = {}): Promise<LocalCluster> {
  cluster = await LocalCluster.start({ servers: 2, clients: 2, ...options });
  return cluster;
}

/** Bytes that differ at every offset of a 16 MiB range, one `seed` from the other. */
function pattern(bytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1) ^ seed;
  return new Uint8Array(words.buffer, 0, bytes);
}

async function readBack(file: FileHandle, bytes: number, position: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(bytes + 1).fill(0x55);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  expect(buffer[bytes]).toBe(0x55);
  return buffer.subarray(0, bytesRead);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

describe("data", () => {
  it.each([
    ["a byte", 1, 0],
    ["an inline payload", 16 * KiB, 12_345],
    ["one byte more than inline", 16 * KiB + 1, 3],
    ["IOR-hard's transfer across a chunk", 47_008, chunkBytes - 20_000],
    ["mdtest-hard's file", 3_901, 0],
    ["a chunk", chunkBytes, 0],
    ["an unaligned chunk", chunkBytes, 1],
    ["several chunks", 11 * MiB + 7, 2 * MiB - 3],
  ])("of %s comes back, from any memory", async (_what, bytes, position) => {
    const { clients } = await start({ servers: 3 });
    const data = pattern(bytes);
    for (const [name, memory] of [
      ["heap", new Uint8Array(bytes)],
      ["arena", clients[0]!.allocate(bytes)],
    ] as const) {
      memory.set(data);
      const file = await clients[0]!.open(`/${name}`, create);
      expect(await file.write(memory, 0, bytes, position)).toEqual({ bytesWritten: bytes });
      expect(equal(await readBack(file, bytes, position), data)).toBe(true);
      memory.fill(0);
      expect(await file.read(memory, 0, bytes, position)).toEqual({ bytesRead: bytes });
      expect(equal(memory, data)).toBe(true);
      await file.close();
      const other = await clients[1]!.open(`/${name}`, O_RDONLY);
      expect(equal(await readBack(other, bytes, position), data)).toBe(true);
      expect((await readBack(other, 10, position + bytes)).length).toBe(0);
      await other.close();
    }
  });

  it("has holes that read as zeros, up to the end of the file", async () => {
    const { clients } = await start();
    const file = await clients[0]!.open("/f", create);
    await file.write(Uint8Array.of(1), 0, 1, 2 * chunkBytes);
    const all = await readBack(file, 3 * chunkBytes, 0);
    expect(all.length).toBe(2 * chunkBytes + 1);
    expect(all.findIndex((byte) => byte !== 0)).toBe(2 * chunkBytes);
    await file.close();
  });

  it("passes with many more transfers than buffers on either side", async () => {
    const { clients, servers } = await start({ serverBuffers: 2, window: 8, seed: 7 });
    const free = servers.map((server) => server.freeBuffers);
    const data = pattern(10 * MiB + 1);
    await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        const file = await clients[i % 2]!.open(`/f${i}`, create);
        await file.write(data, 0, data.length, 3);
        expect(equal(await readBack(file, data.length, 3), data)).toBe(true);
        await file.close();
      }),
    );
    await clients[0]!.stat("/"); // behind the last release
    expect(servers.map((server) => server.freeBuffers)).toEqual(free);
  });

  it("spreads the chunks of a file over the servers", async () => {
    const { clients, servers } = await start({ servers: 3, window: 2 });
    const file = await clients[0]!.open("/f", create);
    await file.write(new Uint8Array(6 * chunkBytes), 0, 6 * chunkBytes, 0);
    await file.close();
    expect(servers.map((server) => server.counters.bytesWritten)).toEqual([8 * MiB, 8 * MiB, 8 * MiB]);
  });

  it("fails with ENOSPC when a server is full, and the handle goes on", async () => {
    const { clients } = await start({ servers: 1, capacityBytes: 2 * chunkBytes });
    const file = await clients[0]!.open("/f", create);
    const tooMuch = new Uint8Array(3 * chunkBytes);
    await expect(file.write(tooMuch, 0, tooMuch.length, 0)).rejects.toMatchObject({ code: "ENOSPC", serverRank: 0 });
    await file.write(Uint8Array.of(5), 0, 1, 0);
    expect([...(await readBack(file, 1, 0))]).toEqual([5]);
    await file.close();
  });
});

describe("size", () => {
  it("is the writer's at once, everybody's after sync", async () => {
    const [writer, reader] = (await start()).clients;
    const file = await writer!.open("/f", create);
    const other = await reader!.open("/f", O_RDONLY);
    await file.write(pattern(100), 0, 100, 0);
    expect(await file.stat()).toMatchObject({ size: 100 });
    expect(await reader!.stat("/f")).toMatchObject({ size: 0 });
    await file.sync();
    expect(await reader!.stat("/f")).toMatchObject({ size: 100 });
    expect(equal(await readBack(other, 200, 0), pattern(100))).toBe(true);
    await file.close();
    await other.close();
  });

  it("is the largest end that any writer published", async () => {
    const [a, b] = (await start()).clients;
    const first = await a!.open("/f", create);
    const second = await b!.open("/f", O_RDWR);
    await first.write(new Uint8Array(10), 0, 10, 0);
    await second.write(new Uint8Array(10), 0, 10, 90);
    await second.close();
    await first.close();
    expect(await a!.stat("/f")).toMatchObject({ size: 100 });
  });

  it("does not come back after a truncation by another client", async () => {
    const [a, b] = (await start()).clients;
    const file = await a!.open("/f", create);
    await file.write(pattern(100), 0, 100, 0);
    await file.sync();
    await (await b!.open("/f", O_WRONLY | O_TRUNC)).close();
    await file.write(Uint8Array.of(1, 2), 0, 2, 0);
    await file.close();
    expect(await b!.stat("/f")).toMatchObject({ size: 2 });
  });

  it("that a handle knew reads as zeros after a truncation by another client", async () => {
    const [a, b] = (await start()).clients;
    const file = await a!.open("/f", create);
    await file.write(pattern(100), 0, 100, 0);
    await file.sync();
    await (await b!.open("/f", O_WRONLY | O_TRUNC)).close();
    expect([...(await readBack(file, 100, 0))]).toEqual(Array(100).fill(0));
    expect(await file.stat()).toMatchObject({ size: 0 });
    expect((await readBack(file, 100, 0)).length).toBe(0);
    await file.close();
  });

  it("sets the time of modification", async () => {
    const [client] = (await start()).clients;
    const before = Date.now();
    const file = await client!.open("/f", create, 0o600);
    await file.write(new Uint8Array(1), 0, 1, 0);
    await file.close();
    const stat = await client!.stat("/f");
    expect(stat).toMatchObject({ kind: "file", mode: 0o600, size: 1 });
    expect(stat.mtimeMs).toBeGreaterThanOrEqual(before);
  });
});

describe("names", () => {
  it("are found along paths, by every client, in any alphabet", async () => {
    const [a, b] = (await start({ servers: 3 })).clients;
    await a!.mkdir("/d");
    await a!.mkdir("/d/日本語");
    await (await a!.open("/d/日本語/ファイル", create)).close();
    expect(await b!.stat("/d/日本語/ファイル")).toMatchObject({ kind: "file" });
    expect(await b!.readdir("/d/日本語")).toEqual([{ name: "ファイル", kind: "file" }]);
    expect(await b!.readdir("/")).toEqual([{ name: "d", kind: "directory" }]);
  });

  it("are listed completely when a directory takes many pages", async () => {
    const [client] = (await start()).clients;
    const names = Array.from({ length: 1500 }, (_, i) => `${"n".repeat(40)}${i}`);
    await Promise.all(names.map(async (name) => (await client!.open(`/${name}`, O_WRONLY | O_CREAT)).close()));
    const listed = (await client!.readdir("/")).map((entry) => entry.name);
    expect(listed.sort()).toEqual(names.sort());

    // The same in parts, which several clients can share.
    const inParts: string[] = [];
    let pages = 0;
    for (let part = 0; part < client!.directoryParts; part++) {
      for await (const page of client!.readdirPart("/", part)) {
        inParts.push(...page.map(({ name }) => name));
        pages++;
      }
    }
    expect(inParts.sort()).toEqual(names);
    expect(pages).toBeGreaterThan(client!.directoryParts);
    await expect(client!.readdirPart("/missing", 0)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "ENOENT",
      syscall: "readdir",
    });
  });

  it("of one file have one exclusive creator", async () => {
    const { clients } = await start({ seed: 3 });
    const tries = [0, 1, 0, 1, 0, 1].map((i) => clients[i]!.open("/f", O_WRONLY | O_CREAT | O_EXCL));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "EEXIST" });
    }
  });

  it("of directories that were removed and made anew by others are found anew", async () => {
    const [a, b] = (await start()).clients;
    await a!.mkdir("/d");
    await a!.mkdir("/d/e");
    await (await a!.open("/d/e/old", create)).close(); // a knows /d and /d/e now
    await b!.unlink("/d/e/old");
    await b!.rmdir("/d/e");
    await b!.rmdir("/d");
    await expect(a!.open("/d/e/f", create)).rejects.toMatchObject({ code: "ENOENT", path: "/d/e/f" });
    await expect(a!.readdir("/d")).rejects.toMatchObject({ code: "ENOENT" });
    await b!.mkdir("/d");
    await b!.mkdir("/d/e");
    await (await b!.open("/d/e/new", create)).close();
    expect(await a!.stat("/d/e/new")).toMatchObject({ kind: "file" });
    expect(await a!.readdir("/d/e")).toEqual([{ name: "new", kind: "file" }]);
    await b!.unlink("/d/e/new");
    await b!.rmdir("/d/e");
    await (await b!.open("/d/e", create)).close();
    await expect(a!.stat("/d/e/new")).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("of a file that was replaced make its old handle stale", async () => {
    const [a, b] = (await start()).clients;
    const file = await a!.open("/f", create);
    await file.write(pattern(10), 0, 10, 0);
    await b!.unlink("/f");
    await (await b!.open("/f", create)).close();
    await expect(file.stat()).rejects.toMatchObject({ code: "ESTALE", syscall: "fstat" });
    await expect(file.close()).rejects.toMatchObject({ code: "ESTALE", syscall: "close" });
    await expect(file.close()).rejects.toMatchObject({ code: "EBADF" });
    expect(await b!.stat("/f")).toMatchObject({ size: 0 });
  });
});

it("flushes in class device what a handle wrote, and nothing otherwise", async () => {
  const { clients, servers } = await start({ servers: 3, durability: "device" });
  const flushes = () => servers.reduce((sum, server) => sum + server.counters.flushes, 0);
  const file = await clients[0]!.open("/f", create);
  await file.sync();
  expect(flushes()).toBe(1); // the name
  await file.sync();
  expect(flushes()).toBe(1);
  await file.write(new Uint8Array(3 * chunkBytes), 0, 3 * chunkBytes, 0);
  await file.close();
  expect(flushes()).toBe(4); // every server has a chunk, one of them the name
  const reader = await clients[0]!.open("/f", O_RDONLY);
  await reader.close();
  expect(flushes()).toBe(4);
});

it("fails what needs a dead server with EHOSTDOWN and its rank, and nothing else", async () => {
  const { clients, network } = await start({ servers: 2 });
  const [client] = clients;
  const file = await client!.open("/f", create);
  const data = client!.allocate(2 * chunkBytes);
  await file.write(data, 0, data.length, 0);
  await file.close();
  const reader = await client!.open("/f", O_RDONLY);
  const underWay = reader.read(data, 0, data.length, 0);
  network.kill(1);
  await expect(underWay).rejects.toMatchObject({ code: "EHOSTDOWN", serverRank: 1 });
  const outcomes = await Promise.allSettled([0, 1].map((chunk) => reader.read(data, 0, 1, chunk * chunkBytes)));
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
  await expect(client!.readdir("/")).rejects.toMatchObject({ code: "EHOSTDOWN", serverRank: 1 });
});
