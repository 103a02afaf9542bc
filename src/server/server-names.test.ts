import { constants } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalServers } from "../../test/local-servers.ts";
import { errno } from "../core/errno.ts";
import { directoryKind, fileKind } from "../core/inode.ts";
import { metadataServer } from "../rankmap/placement.ts";
import { operations } from "../rpc/operations.ts";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const root = 0;
const mode = 0o644;

let cluster: LocalServers;
beforeEach(async () => {
  cluster = await LocalServers.open({ servers: 3, clients: 3, seed: 1 });
});
afterEach(() => cluster.destroy());

const open = (name: string | Uint8Array, flags: number, parent = root, client = 0) =>
  cluster.named(client, operations.open, name, { parent, flags, mode });
const mkdir = (name: string, parent = root, client = 0) =>
  cluster.named(client, operations.mkdir, name, { parent, mode: 0o755 });
const rmdir = (name: string, parent = root, client = 0) => cluster.named(client, operations.rmdir, name, { parent });
const unlink = (name: string, parent = root) => cluster.named(0, operations.unlink, name, { parent });
const lookup = (name: string, parent = root) => cluster.named(0, operations.lookup, name, { parent });

async function list(directory: number): Promise<string[]> {
  const names: string[] = [];
  for (let server = 0; server < 3; server++) {
    let cursor: Uint8Array = new Uint8Array(0);
    for (;;) {
      let page = new Uint8Array(0);
      const onPayload = (payload: Uint8Array): void => {
        page = payload.slice();
      };
      const options = { payload: cursor, onPayload };
      const reply = await cluster.call(0, server, operations.readDirectory, { directory }, options);
      if (reply.status !== 0) throw new Error(`status ${reply.status}`);
      for (let at = 0; at < page.length; at += 2 + page[at + 1]!) {
        cursor = page.slice(at + 2, at + 2 + page[at + 1]!);
        names.push(Buffer.from(cursor).toString());
      }
      if (reply.more === 0) break;
    }
  }
  return names.sort();
}

describe("open", () => {
  it("creates, opens and refuses as POSIX says", async () => {
    expect((await open("f", O_RDWR)).status).toBe(-errno.ENOENT);
    const made = await open("f", O_RDWR | O_CREAT | O_EXCL);
    expect(made).toMatchObject({ status: 0, kind: fileKind, mode, sizeBytes: 0 });
    expect((await open("f", O_RDWR | O_CREAT | O_EXCL)).status).toBe(-errno.EEXIST);
    expect(await open("f", O_RDWR | O_CREAT)).toEqual(made);
    expect(await lookup("f")).toEqual(made);
    await mkdir("d");
    expect((await open("d", O_RDONLY)).kind).toBe(directoryKind);
    expect((await open("d", O_WRONLY)).status).toBe(-errno.EISDIR);
    expect((await open("d", O_RDONLY | O_CREAT)).status).toBe(-errno.EISDIR);
    expect((await open("d", O_RDONLY | O_TRUNC)).status).toBe(-errno.EISDIR);
    expect((await open("d", O_CREAT | O_EXCL)).status).toBe(-errno.EEXIST);
    expect((await open("f", O_CREAT | O_RDWR, 12345)).status).toBe(-errno.ENOENT);
  });

  it("checks names", async () => {
    const flags = O_CREAT | O_RDWR;
    for (const name of [".", "..", "a/b", "a\0"]) expect((await open(name, flags)).status).toBe(-errno.EINVAL);
    expect((await open("n".repeat(256), flags)).status).toBe(-errno.ENAMETOOLONG);
    expect((await open("n".repeat(255), flags)).status).toBe(0);
    expect((await open("", flags)).status).toBe(-errno.EINVAL);
    expect((await open("...", flags)).status).toBe(0);
  });

  it("has exactly one winner of concurrent O_EXCL, and all get one file without it", async () => {
    for (let i = 0; i < 20; i++) {
      const exclusive = Array.from({ length: 9 }, (_, n) => open(`x${i}`, O_CREAT | O_EXCL | O_RDWR, root, n % 3));
      const statuses = (await Promise.all(exclusive)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 0)).toHaveLength(1);
      expect(statuses.filter((status) => status === -errno.EEXIST)).toHaveLength(8);
      const shared = Array.from({ length: 9 }, (_, n) => open(`y${i}`, O_CREAT | O_RDWR, root, n % 3));
      const inos = new Set((await Promise.all(shared)).map(({ ino }) => ino));
      expect(inos.size).toBe(1);
    }
  });

  it("never gives an inode number twice, across restarts", async () => {
    const inos: number[] = [];
    for (let i = 0; i < 30; i++) inos.push((await open(`a${i}`, O_CREAT | O_RDWR)).ino);
    await cluster.close();
    cluster = await LocalServers.open({ servers: 3, directory: cluster.directory });
    expect((await lookup("a7")).ino).toBe(inos[7]);
    for (let i = 0; i < 30; i++) inos.push((await open(`b${i}`, O_CREAT | O_RDWR)).ino);
    expect(new Set(inos).size).toBe(60);
  });
});

describe("size", () => {
  it("only grows by extend, of that very file, and is 0 after O_TRUNC", async () => {
    const { ino } = await open("f", O_CREAT | O_RDWR);
    const extend = (sizeBytes: number, of = ino) =>
      cluster.named(0, operations.extend, "f", { parent: root, ino: of, sizeBytes, mtimeUs: 5e15 });
    expect((await extend(100)).status).toBe(0);
    expect((await extend(50)).status).toBe(0);
    expect(await lookup("f")).toMatchObject({ sizeBytes: 100, mtimeUs: 5e15 });
    expect((await extend(500, ino + 1)).status).toBe(-errno.ENOENT);
    expect(await open("f", O_RDWR | O_TRUNC)).toMatchObject({ status: 0, ino, sizeBytes: 0 });
    await unlink("f");
    expect((await extend(10)).status).toBe(-errno.ENOENT);
  });
});

describe("unlink", () => {
  it("removes files, not directories", async () => {
    await open("f", O_CREAT);
    await mkdir("d");
    expect((await unlink("f")).status).toBe(0);
    expect((await unlink("f")).status).toBe(-errno.ENOENT);
    expect((await lookup("f")).status).toBe(-errno.ENOENT);
    expect((await unlink("d")).status).toBe(-errno.EISDIR);
  });
});

describe("a server that is closed", () => {
  it("refuses what other servers still send, and disturbs nobody", async () => {
    const parent = root;
    for (let i = 0; i < 20; i++) await open(`f${i}`, O_CREAT);
    // Their garbage goes to all servers, closed ones too.
    for (let i = 0; i < 20; i++) await unlink(`f${i}`);
    await cluster.servers[0]!.close();
    expect((await cluster.call(0, 0, operations.lookup, { parent })).status).toBe(-errno.ECANCELED);
    expect((await cluster.call(0, 1, operations.dropChunks, { files: 0 })).status).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    cluster.servers = cluster.servers.slice(1);
  });
});

describe("directories", () => {
  it("are made once, removed when empty, and hold names of their own", async () => {
    const { ino } = await mkdir("d");
    expect((await mkdir("d")).status).toBe(-errno.EEXIST);
    await open("f", O_CREAT, ino);
    await open("f", O_CREAT, root);
    expect((await lookup("f", ino)).ino).not.toBe((await lookup("f")).ino);
    expect((await rmdir("f")).status).toBe(-errno.ENOTDIR);
    expect((await rmdir("d")).status).toBe(-errno.ENOTEMPTY);
    await unlink("f", ino);
    expect((await rmdir("d")).status).toBe(0);
    expect((await rmdir("d")).status).toBe(-errno.ENOENT);
    expect((await open("g", O_CREAT, ino)).status).toBe(-errno.ENOENT);
    expect((await mkdir("g", ino)).status).toBe(-errno.ENOENT);
    expect((await rmdir(".")).status).toBe(-errno.EINVAL);
  });

  it("tell their attributes at their home, under the empty name", async () => {
    const { ino } = await mkdir("d");
    const own = (of: number) => cluster.call(0, cluster.homeOf(of), operations.lookup, { parent: of });
    expect(await own(ino)).toMatchObject({ status: 0, ino, kind: directoryKind, mode: 0o755 });
    expect(await own(root)).toMatchObject({ status: 0, ino: root, kind: directoryKind });
    await rmdir("d");
    expect((await own(ino)).status).toBe(-errno.ENOENT);
  });

  it("list all names of all servers, page by page", async () => {
    const { ino } = await mkdir("d");
    const names = Array.from({ length: 700 }, (_, i) => `${i}-`.padEnd(1 + (i % 255), "ä").slice(0, 100));
    const unique = [...new Set(names)].sort();
    await Promise.all(unique.map((name) => open(name, O_CREAT, ino)));
    expect(await list(ino)).toEqual(unique);
    expect(await list(root)).toEqual(["d"]);
    await expect(list(ino + 1)).rejects.toThrow(`${-errno.ENOENT}`);
  });

  it("race of create and rmdir: either the entry is made and the directory stays, or neither", async () => {
    const outcomes = new Set<string>();
    for (let i = 0; i < 60; i++) {
      const { ino } = await mkdir(`d${i}`);
      const creates = [0, 1, 2].map((client) => open(`f${client}`, O_CREAT | O_RDWR, ino, client));
      const removed = (await rmdir(`d${i}`, root, i % 3)).status;
      const created = (await Promise.all(creates)).map(({ status }) => status);
      const stays = created.some((status) => status === 0);
      expect(removed).toBe(stays ? -errno.ENOTEMPTY : 0);
      expect((await lookup(`d${i}`)).status).toBe(stays ? 0 : -errno.ENOENT);
      for (const status of created) expect([0, -errno.ENOENT]).toContain(status);
      if (stays) expect(await list(ino)).toHaveLength(created.filter((status) => status === 0).length);
      outcomes.add(stays ? "created" : "removed");
    }
    expect(outcomes).toEqual(new Set(["created", "removed"]));
  });

  it("race of two rmdir: one removes", async () => {
    for (let i = 0; i < 20; i++) {
      await mkdir(`d${i}`);
      const statuses = (await Promise.all([0, 1, 2].map((client) => rmdir(`d${i}`, root, client)))).map(
        (r) => r.status,
      );
      expect(statuses.sort()).toEqual([-errno.ENOENT, -errno.ENOENT, 0].sort());
    }
  });

  it("are not removed when a server that may have entries is gone", async () => {
    const { ino } = await mkdir("d");
    const home = cluster.homeOf(ino);
    const elsewhere = [0, 1, 2].find(
      (server) => server !== home && server !== metadataServer(root, Buffer.from("d"), 3),
    )!;
    const name = Array.from({ length: 99 }, (_, i) => `${i}`).find(
      (candidate) => metadataServer(ino, Buffer.from(candidate), 3) === elsewhere,
    )!;
    expect((await open(name, O_CREAT, ino)).status).toBe(0);
    cluster.network.kill(elsewhere);
    expect((await rmdir("d")).status).toBe(-errno.EHOSTDOWN);
    expect((await lookup("d")).status).toBe(0);
  });

  it("keep their leases across restarts", async () => {
    const { ino } = await mkdir("d");
    for (let i = 0; i < 10; i++) await open(`f${i}`, O_CREAT, ino);
    await cluster.close();
    cluster = await LocalServers.open({ servers: 3, directory: cluster.directory });
    expect((await rmdir("d")).status).toBe(-errno.ENOTEMPTY);
    for (let i = 0; i < 10; i++) await unlink(`f${i}`, ino);
    expect((await rmdir("d")).status).toBe(0);
  });
});
