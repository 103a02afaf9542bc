import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { Pump } from "../../event-pump/index.js";
import { allocate, OP, Ring } from "../index.js";
import { cleanups, folderIn, openIn, queueOf, setup } from "./fixture.ts";
import type { Command, Queue } from "./queue.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;
const IO_DRAIN = 2;
const IO_LINK = 4;
const ASYNC = 16;
const AT_FDCWD = -100;
const AT_REMOVEDIR = 0x200;
const RENAME_NOREPLACE = 1;
const STATX_ALL = 0xfff;
const CANCEL_ALL = 1;
const CANCEL_ANY = 4;
const [ENOENT, EBADF, EFAULT, EEXIST, EINVAL, ENFILE, ETIME, ECANCELED] = [2, 9, 14, 17, 22, 23, 62, 125];
const { O_RDWR, O_RDONLY, O_CREAT, O_EXCL, O_DIRECT } = fs.constants;
const longNs = 1e12;

/** Writes vectors of (buffer, bytes, offset in it) at an offset of `memory`. */
function putVectors(memory: ArrayBuffer, at: number, vectors: readonly (readonly [number, number, number])[]): void {
  const view = new DataView(memory, at);
  vectors.forEach(([buffer, bytes, offset], i) => {
    view.setInt32(i * 16, buffer, true);
    view.setInt32(i * 16 + 4, bytes, true);
    view.setFloat64(i * 16 + 8, offset, true);
  });
}

describe.each([
  { name: "tmpfs", parent: "/dev/shm", flags: O_RDWR | O_CREAT },
  { name: "disk, O_DIRECT", parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT },
])("vectored transfer on $name", ({ parent, flags }) => {
  it("gathers 100 pieces of two buffers, and scatters them again", () => {
    const queue = queueOf({ entries: 4 });
    const [first, second] = [allocate(MiB), allocate(MiB)];
    queue.ring.registerBuffers([first, second]);
    const { fd, path } = openIn(parent, flags);
    queue.ring.registerFile(fd);
    const content = randomBytes(400 * KiB);
    const block = 4 * KiB;
    // Odd pieces lie in the second buffer, in reverse order.
    const place = (i: number) => [i % 2, block, (i % 2 === 0 ? i : 100 - i) * block] as const;
    const pieces = Array.from({ length: 100 }, (_, i) => place(i));
    const piece = (i: number) => new Uint8Array(i % 2 ? second : first, pieces[i][2], block);
    const clear = () => pieces.forEach((_, i) => void piece(i).fill(0));
    pieces.forEach((_, i) => void piece(i).set(content.subarray(i * block, (i + 1) * block)));
    const at = MiB - 100 * 16;
    putVectors(first, at, pieces);
    const vectored = { lengthBytes: 100, bufferOffset: at };
    expect(queue.run({ op: OP.WRITEV, ...vectored })).toEqual([content.length]);
    expect(fs.readFileSync(path).equals(content)).toBe(true);
    clear();
    expect(queue.run({ op: OP.READV, ...vectored, fileOffset: block })).toEqual([content.length - block]);
    clear();
    expect(queue.run({ op: OP.READV, ...vectored })).toEqual([content.length]);
    pieces.forEach((_, i) => void expect(content.subarray(i * block, (i + 1) * block).equals(piece(i))).toBe(true));
  });
});

describe("vectored transfer", () => {
  it("keeps the vectors of all commands of a batch apart", () => {
    const { queue, bytes, path } = setup();
    const commands = Array.from({ length: 64 }, (_, i): Command => {
      bytes[i] = i;
      bytes[1000 + i] = 100 + i;
      putVectors(bytes.buffer as ArrayBuffer, 4 * KiB + i * 32, [
        [0, 1, 1000 + i],
        [0, 1, i],
      ]);
      return { op: OP.WRITEV, lengthBytes: 2, bufferOffset: 4 * KiB + i * 32, fileOffset: i * 2 };
    });
    for (let round = 0; round < 10; round++) expect(queue.run(...commands)).toEqual(commands.map(() => 2));
    expect([...fs.readFileSync(path)]).toEqual(commands.flatMap((_, i) => [100 + i, i]));
  });

  it.each<[string, Partial<Command>, readonly [number, number, number], number]>([
    ["no vector", { lengthBytes: 0 }, [0, 1, 0], -EINVAL],
    ["1025 vectors", { lengthBytes: 1025 }, [0, 1, 0], -EINVAL],
    ["vectors behind their buffer", { bufferOffset: MiB - 8 }, [0, 1, 0], -EFAULT],
    ["vectors at an odd address", { bufferOffset: 4 }, [0, 1, 0], -EINVAL],
    ["a piece of an unknown buffer", {}, [1, 1, 0], -EFAULT],
    ["a piece of buffer -1", {}, [-1, 1, 0], -EFAULT],
    ["a piece behind its buffer", {}, [0, 2, MiB - 1], -EFAULT],
    ["a piece of -1 bytes", {}, [0, -1, 8], -EINVAL],
    ["a piece at NaN", {}, [0, 1, Number.NaN], -EFAULT],
    ["an unknown file", { file: 1 }, [0, 1, 0], -EBADF],
  ])("refuses %s", (_, changes, vector, result) => {
    const { queue, bytes, fd } = setup();
    putVectors(bytes.buffer as ArrayBuffer, 0, [vector]);
    expect(queue.run({ op: OP.WRITEV, lengthBytes: 1, ...changes })).toEqual([result]);
    expect(fs.fstatSync(fd).size).toBe(0);
  });

  it("refuses vectors that sum up to more than 2^31-1 bytes", () => {
    const { queue, bytes, fd } = setup({ bufferBytes: 4 * MiB });
    const vectors = Array.from({ length: 512 }, () => [0, 4 * MiB, 0] as const);
    putVectors(bytes.buffer as ArrayBuffer, 0, vectors);
    expect(queue.run({ op: OP.WRITEV, lengthBytes: 512 })).toEqual([-EINVAL]);
    expect(fs.fstatSync(fd).size).toBe(0);
  });
});

describe("names", () => {
  /** A ring with a buffer, an empty folder, and commands whose paths lie in that buffer. */
  function names({ maxFiles = 4 } = {}) {
    const queue = queueOf({ maxFiles });
    const memory = allocate(64 * KiB);
    queue.ring.registerBuffers([memory]);
    const folder = folderIn("/dev/shm");
    const fd = fs.openSync(folder, O_RDONLY);
    cleanups.push(() => fs.closeSync(fd));
    let used = 0;
    const put = (text: string) => {
      const bufferOffset = used;
      const lengthBytes = Buffer.from(memory).write(`${text}\0`, used);
      used += lengthBytes;
      return { bufferOffset, lengthBytes };
    };
    const open = (name: string, flags = O_RDWR | O_CREAT): Command => ({
      op: OP.OPENAT,
      file: fd,
      flags,
      argument: 0o640,
      ...put(name),
    });
    const remove = (name: string, flags = 0): Command => ({ op: OP.UNLINKAT, file: fd, flags, ...put(name) });
    const rename = (from: string, to: string, flags = 0): Command => {
      const target = put(to);
      const where = { file: fd, newDirectory: fd, argument: target.bufferOffset, secondArgument: target.lengthBytes };
      return { op: OP.RENAMEAT, flags, ...where, ...put(from) };
    };
    const stat = (name: string, at: number): Command => ({
      op: OP.STATX,
      file: fd,
      argument: at,
      secondArgument: STATX_ALL,
      ...put(name),
    });
    return { queue, memory, folder, fd, put, open, remove, rename, stat };
  }

  it("opens into the lowest free slot, and closes", () => {
    const { queue, memory, folder, open } = names();
    queue.ring.registerFile(0);
    expect(queue.run(open("a"))).toEqual([1]);
    expect(fs.statSync(`${folder}/a`).mode & 0o777).toBe(0o640 & ~process.umask());
    Buffer.from(memory).write("content", 32 * KiB);
    const write: Command = { op: OP.WRITE, file: 1, lengthBytes: 7, bufferOffset: 32 * KiB };
    const chain = [
      { ...write, sqeFlags: IO_LINK },
      { op: OP.FSYNC, file: 1, sqeFlags: IO_LINK },
    ];
    expect(queue.run(...chain, { op: OP.CLOSE, file: 1 })).toEqual([7, 0, 0]);
    expect(fs.readFileSync(`${folder}/a`, "utf8")).toBe("content");
    expect(queue.run(write, { op: OP.CLOSE, file: 1 })).toEqual([-EBADF, -EBADF]);
    expect(queue.run(open("b"))).toEqual([1]);
    queue.ring.unregisterFile(1);
    expect(queue.run(open("/dev/null", O_RDWR))).toEqual([1]);
  });

  it("gives slots of failed opens back, and says when there is none", () => {
    const { queue, open } = names({ maxFiles: 2 });
    for (let i = 0; i < 5; i++) expect(queue.run(open("missing", O_RDONLY))).toEqual([-ENOENT]);
    expect(queue.run(open("a"), open("a", O_RDWR | O_CREAT | O_EXCL)).sort()).toEqual([-EEXIST, 0].sort());
    const linked = { ...open("b"), sqeFlags: IO_LINK };
    expect(queue.run(linked, open("c"))).toEqual([-ECANCELED, -ENFILE]);
    expect(queue.run(open("d"), open("e"))).toEqual([1, -ENFILE]);
    expect(() => queue.ring.registerFile(0)).toThrow(expect.objectContaining({ code: "ERR_URING_FILES_FULL" }));
  });

  it("counts sizes, links and modes by STATX as stat(2) does", () => {
    const { queue, memory, folder, stat } = names();
    fs.writeFileSync(`${folder}/a`, "12345", { mode: 0o600 });
    const at = 60 * KiB;
    expect(queue.run(stat("a", at), stat("b", at + 256))).toEqual([0, -ENOENT]);
    const result = new DataView(memory, at);
    const { size, mode, nlink, ino } = fs.statSync(`${folder}/a`);
    const found = { nlink: result.getUint32(16, true), mode: result.getUint16(28, true) };
    expect({
      ...found,
      ino: Number(result.getBigUint64(32, true)),
      size: Number(result.getBigUint64(40, true)),
    }).toEqual({ nlink, mode, ino, size });
  });

  it("renames and removes files and folders", () => {
    const { queue, folder, rename, remove } = names();
    fs.writeFileSync(`${folder}/a`, "a");
    fs.writeFileSync(`${folder}/b`, "b");
    fs.mkdirSync(`${folder}/d`);
    expect(queue.run(rename("a", "b", RENAME_NOREPLACE))).toEqual([-EEXIST]);
    expect(queue.run(rename("a", "d/c"))).toEqual([0]);
    expect(fs.readFileSync(`${folder}/d/c`, "utf8")).toBe("a");
    expect(queue.run(rename("d/c", "b"))).toEqual([0]);
    expect(fs.readFileSync(`${folder}/b`, "utf8")).toBe("a");
    expect(queue.run(remove("b"), remove("d", AT_REMOVEDIR), remove("x"))).toEqual([0, 0, -ENOENT]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it("takes absolute paths from AT_FDCWD", () => {
    const { queue, folder, put } = names();
    const path = put(`${folder}/absolute`);
    const open = { op: OP.OPENAT, file: AT_FDCWD, flags: O_RDWR | O_CREAT, argument: 0o600, ...path };
    expect(queue.run(open)).toEqual([0]);
    expect(fs.readdirSync(folder)).toEqual(["absolute"]);
  });

  it("refuses paths and results that are not in the buffer", () => {
    const { queue, folder, open, stat, rename, remove } = names();
    const { lengthBytes } = open("abc");
    expect(
      queue.run(
        { ...open("abc"), lengthBytes: (lengthBytes ?? 0) - 1 },
        { ...open("abc"), lengthBytes: 0 },
        { ...open("abc"), bufferOffset: 64 * KiB - 1 },
        { ...open("abc"), buffer: 1 },
        { ...open("abc"), argument: 0o10000 },
        { ...remove("abc"), lengthBytes: -1 },
        stat("abc", 64 * KiB - 255),
        { ...stat("abc", 0), secondArgument: 2 ** 32 },
        { ...rename("abc", "b"), argument: -1 },
        { ...rename("abc", "b"), secondArgument: 1 },
        { ...rename("abc", "b"), secondArgument: 1.5 },
      ),
    ).toEqual([-EINVAL, -EINVAL, -EFAULT, -EFAULT, -EINVAL, -EINVAL, -EFAULT, -EINVAL, -EFAULT, -EINVAL, -EINVAL]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it("lets a file in a slot be replaced", () => {
    const { queue, folder, fd } = names();
    const [a, b] = ["a", "b"].map((name) => fs.openSync(`${folder}/${name}`, O_RDWR | O_CREAT));
    const index = queue.ring.registerFile(a);
    queue.ring.updateFile(index, b);
    fs.closeSync(a);
    fs.closeSync(b);
    expect(queue.run({ op: OP.WRITE, file: index, lengthBytes: 3 })).toEqual([3]);
    expect(["a", "b"].map((name) => fs.statSync(`${folder}/${name}`).size)).toEqual([0, 3]);
    expect(() => queue.ring.updateFile(1, fd)).toThrow(/ENOENT/);
    expect(() => queue.ring.updateFile(index, 1_000_000)).toThrow(/EBADF/);
  });
});

/** A read that never ends by itself, of file slot `file`. */
function endlessRead(queue: Queue): Command {
  const path = `${folderIn("/dev/shm")}/fifo`;
  execFileSync("mkfifo", [path]);
  const fd = fs.openSync(path, O_RDWR);
  cleanups.push(() => fs.closeSync(fd));
  return { op: OP.READ, file: queue.ring.registerFile(fd), lengthBytes: 1 };
}

describe("TIMEOUT and CANCEL", () => {
  it("ends when its time is over, and not before", () => {
    const queue = queueOf();
    const started = performance.now();
    expect(queue.run({ op: OP.TIMEOUT, argument: 20e6 })).toEqual([-ETIME]);
    expect(performance.now() - started).toBeGreaterThan(19);
  });

  it("keeps the durations of a batch apart", () => {
    const queue = queueOf();
    const timeouts = [30, 10, 20].map((ms, cookie) => ({ op: OP.TIMEOUT, argument: ms * 1e6, cookie }));
    queue.write(...timeouts);
    expect(queue.wait(3).map(({ cookie }) => cookie)).toEqual([1, 2, 0]);
  });

  it("ends early with as many completions as it waits for", () => {
    const queue = queueOf();
    queue.write({ op: OP.TIMEOUT, argument: longNs, lengthBytes: 2, cookie: 7 });
    queue.write({ op: OP.NOP, cookie: 8 }, { op: OP.NOP, cookie: 9 });
    expect(queue.wait(3).toSorted((a, b) => a.cookie - b.cookie)).toEqual(
      [7, 8, 9].map((cookie) => ({ cookie, result: 0 })),
    );
  });

  it("cancels by cookie, also a negative one, and says what it did not find", () => {
    const { queue } = setup();
    queue.write({ ...endlessRead(queue), cookie: -5 }, { op: OP.TIMEOUT, argument: longNs, cookie: 6 });
    queue.ring.poll();
    queue.write(
      { op: OP.CANCEL, lengthBytes: -5, cookie: 1 },
      { op: OP.CANCEL, lengthBytes: 6, cookie: 2 },
      { op: OP.CANCEL, lengthBytes: 77, cookie: 3 },
    );
    const results = new Map(queue.wait(5).map(({ cookie, result }) => [cookie, result]));
    expect(Object.fromEntries(results)).toEqual({ "-5": -ECANCELED, 1: 0, 2: 0, 3: -ENOENT, 6: -ECANCELED });
  });

  it("cancels all with one cookie, and then whatever there is", () => {
    const queue = queueOf();
    const timeout = { op: OP.TIMEOUT, argument: longNs };
    queue.write(...[1, 1, 1, 2, 3].map((cookie) => ({ ...timeout, cookie })));
    queue.ring.poll();
    queue.write({ op: OP.CANCEL, flags: CANCEL_ALL, lengthBytes: 1, cookie: 10 });
    expect(queue.wait(4)).toContainEqual({ cookie: 10, result: 3 });
    queue.write({ op: OP.CANCEL, flags: CANCEL_ALL | CANCEL_ANY, cookie: 11 });
    expect(queue.wait(3)).toContainEqual({ cookie: 11, result: 2 });
    expect(queue.ring.inFlight).toBe(0);
  });

  it.each<[string, Command]>([
    ["a duration of NaN", { op: OP.TIMEOUT, argument: Number.NaN }],
    ["a duration of half a nanosecond", { op: OP.TIMEOUT, argument: 0.5 }],
    ["a negative count", { op: OP.TIMEOUT, lengthBytes: -1 }],
    ["IORING_TIMEOUT_MULTISHOT", { op: OP.TIMEOUT, flags: 64 }],
    ["IORING_ASYNC_CANCEL_FD", { op: OP.CANCEL, flags: 2 }],
  ])("refuses %s", (_, command) => {
    expect(queueOf().run(command)).toEqual([-EINVAL]);
  });
});

describe("order", () => {
  it("drained operations begin after all before them, and those behind wait", () => {
    const { queue, path } = setup();
    const writes = Array.from({ length: 50 }, (_, i) => ({
      op: OP.WRITE,
      lengthBytes: 100 - i,
      bufferOffset: i * KiB,
      sqeFlags: ASYNC | IO_DRAIN,
    }));
    queue.write(...writes);
    expect(queue.wait(50).map(({ cookie }) => cookie)).toEqual(writes.map((_, i) => i));
    expect(fs.statSync(path).size).toBe(100);
  });
});

describe("close()", () => {
  it("ends timeouts, also those that begin only when it cancels what they wait for", () => {
    const { queue } = setup();
    const timeout = { op: OP.TIMEOUT, argument: longNs };
    queue.write(endlessRead(queue), timeout, { ...timeout, sqeFlags: IO_DRAIN }, { ...timeout, sqeFlags: IO_DRAIN });
    queue.ring.poll();
    expect(queue.ring.inFlight).toBe(4);
    queue.ring.close();
    expect(queue.ring.inFlight).toBe(0);
  });

  it("takes the descriptor from the source, so that nobody watches another file under its number", () => {
    const ring = new Ring();
    ring.close();
    // A pump refuses a source whose descriptor is closed; one without descriptor is fine.
    new Pump([ring.source], () => {}, { sliceUs: 50, spinUs: 0, yieldUs: 0 });
    // Again with a regular file under the number, which libuv cannot watch.
    const fd = fs.openSync(import.meta.filename, O_RDONLY);
    cleanups.push(() => fs.closeSync(fd));
    new Pump([ring.source], () => {}, { sliceUs: 50, spinUs: 0, yieldUs: 0 });
  });
});

describe("a buffer of more than 1 GiB", () => {
  it("is one buffer: before, across and behind the boundary of the kernel's", () => {
    const queue = queueOf();
    const memory = allocate(GiB + 2 * MiB);
    const small = allocate(4 * KiB);
    queue.ring.registerBuffers([small, memory, small]);
    const { fd, path } = openIn("/dev/shm");
    queue.ring.registerFile(fd);
    const around = new Uint8Array(memory, GiB - MiB, 3 * MiB);
    const content = randomBytes(3 * MiB);
    around.set(content);
    const transfer = (op: number, start: number, lengthBytes: number): Command => ({
      op,
      buffer: 1,
      lengthBytes,
      fileOffset: start,
      bufferOffset: GiB - MiB + start,
    });
    const parts = [
      [0, MiB - 10],
      [MiB - 10, 20],
      [MiB + 10, MiB - 10],
      [2 * MiB, MiB],
    ];
    const lengths = parts.map(([, length]) => length);
    expect(queue.run(...parts.map(([start, length]) => transfer(OP.WRITE, start, length)))).toEqual(lengths);
    expect(fs.readFileSync(path).equals(content)).toBe(true);
    around.fill(0);
    expect(queue.run(...parts.map(([start, length]) => transfer(OP.READ, start, length)))).toEqual(lengths);
    expect(content.equals(around)).toBe(true);
    expect(queue.run(transfer(OP.READ, 2 * MiB, MiB + 1))).toEqual([-EFAULT]);
    expect(queue.run({ op: OP.WRITE, buffer: 2, lengthBytes: 4 * KiB })).toEqual([4 * KiB]);
  });
});

describe.each([{ sqPoll: true }, { ioPoll: true }])("a ring with %o", (mode) => {
  it("completes ten times its entries, each once", () => {
    const queue = queueOf({ entries: 16, ...mode });
    expect(queue.ring.flags).toContain(mode.sqPoll ? "SQPOLL" : "IOPOLL");
    const seen = new Uint8Array(160);
    let next = 0;
    for (let done = 0; done < seen.length; ) {
      while (queue.room > 0 && next < seen.length) queue.write({ op: OP.NOP, cookie: next++ });
      for (const { cookie } of queue.wait(1)) {
        seen[cookie]++;
        done++;
      }
    }
    expect(seen.every((count) => count === 1)).toBe(true);
  });
});

describe("SQPOLL", () => {
  it("writes and reads files, and lets a pump sleep meanwhile", async () => {
    const queue = queueOf({ sqPoll: true });
    const memory = allocate(MiB);
    queue.ring.registerBuffers([memory]);
    const { fd, path } = openIn("/dev/shm");
    queue.ring.registerFile(fd);
    const content = randomBytes(MiB / 2);
    new Uint8Array(memory).set(content);
    await new Promise<void>((resolve) => {
      const drain = () => {
        if (queue.consume().length > 0) resolve();
      };
      const pump = new Pump([queue.ring.source], drain, { sliceUs: 50, spinUs: 0, yieldUs: 0 });
      cleanups.push(() => pump.stop());
      pump.start();
      queue.write({ op: OP.WRITE, lengthBytes: content.length });
    });
    expect(fs.readFileSync(path).equals(content)).toBe(true);
  });
});

describe("IOPOLL", () => {
  it("reads from a device with poll queues, or says that there are none", () => {
    const queue = queueOf({ ioPoll: true });
    queue.ring.registerBuffers([allocate(4 * KiB)]);
    const { fd, path } = openIn(tmpdir(), O_RDWR | O_CREAT | O_DIRECT);
    fs.writeFileSync(path, randomBytes(4 * KiB));
    queue.ring.registerFile(fd);
    expect([4 * KiB, -95]).toContain(queue.run({ op: OP.READ, lengthBytes: 4 * KiB })[0]);
    // The page cache cannot be polled.
    const file = queue.ring.registerFile(openIn("/dev/shm").fd);
    expect([-95, -EINVAL]).toContain(queue.run({ op: OP.READ, file, lengthBytes: 4 * KiB })[0]);
  });
});
