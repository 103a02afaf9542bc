import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Pump, STAT } from "../../event-pump/index.js";
import * as uring from "../index.js";
import { allocate, OP, Ring } from "../index.js";
import { cleanups, folderIn, openIn, queueOf, setup } from "./fixture.ts";
import type { Command, Completion, Queue } from "./queue.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const IO_LINK = 4;
const ASYNC = 16;
const FALLOC_KEEP_SIZE = 1;
const FALLOC_PUNCH_HOLE = 2;
const { EBADF, EFAULT, EINVAL, ECANCELED, ENOSPC } = { EBADF: 9, EFAULT: 14, EINVAL: 22, ECANCELED: 125, ENOSPC: 28 };
const { O_RDWR, O_RDONLY, O_CREAT, O_DIRECT } = fs.constants;

describe("rings", () => {
  it("completes 100 000 NOPs, each once, with its cookie", () => {
    const queue = queueOf({ entries: 64 });
    const seen = new Uint8Array(100_000);
    let next = 0;
    let failed = 0;
    for (let done = 0; done < seen.length; ) {
      while (queue.room > 0 && next < seen.length) queue.write({ op: OP.NOP, cookie: next++ });
      queue.ring.poll();
      for (const { cookie, result } of queue.consume()) {
        failed += Number(result !== 0);
        seen[cookie]++;
        done++;
      }
    }
    expect(failed).toBe(0);
    expect(seen.every((count) => count === 1)).toBe(true);
    expect(queue.ring.inFlight).toBe(0);
  });

  it("holds commands back while completions are not consumed, and loses none of ten times the entries", () => {
    const entries = 32;
    const queue = queueOf({ entries });
    let written = 0;
    for (let idle = 0; idle < 10; idle++) {
      while (queue.room > 0) {
        queue.write({ op: OP.NOP, cookie: written++ });
        idle = 0;
      }
      queue.ring.poll();
    }
    // The completion ring is full, and so is the command ring behind it.
    expect(written).toBe(queue.ring.completionSlots + queue.ring.commandSlots);
    expect(queue.ring.poll()).toBe(queue.ring.completionSlots);
    const cookies: number[] = [];
    while (cookies.length < 10 * entries) {
      cookies.push(...queue.consume().map((completion) => completion.cookie));
      while (queue.room > 0 && written < 10 * entries) queue.write({ op: OP.NOP, cookie: written++ });
      queue.ring.poll();
    }
    expect(cookies.sort((a, b) => a - b)).toEqual(Array.from({ length: 10 * entries }, (_, i) => i));
  });

  it("goes on when the counters pass 2^31 and 2^32", () => {
    const queue = queueOf({ entries: 8 });
    for (const start of [2 ** 31 - 20, -20]) {
      new Int32Array(queue.ring.rings).fill(start, 0, 4);
      for (let i = 0; i < 40; i++) expect(queue.run({ op: OP.NOP })).toEqual([0]);
    }
  });

  it("submits without reaping by submit()", () => {
    const queue = queueOf();
    queue.write({ op: OP.NOP }, { op: OP.NOP });
    queue.ring.submit();
    expect(queue.ring.inFlight).toBe(2);
    expect(queue.consume()).toEqual([]);
    expect(queue.wait(2)).toHaveLength(2);
  });

  it.each(["DEFER_TASKRUN", "SINGLE_ISSUER", "COOP_TASKRUN", "TASKRUN_FLAG"])("uses %s on this kernel", (flag) => {
    const [major, minor] = fs.readFileSync("/proc/sys/kernel/osrelease", "utf8").split(".").map(Number);
    expect(queueOf().ring.flags.includes(flag)).toBe(major > 6 || (major === 6 && minor >= 1));
  });
});

describe.each([
  { name: "tmpfs", parent: "/dev/shm", flags: O_RDWR | O_CREAT },
  { name: "disk, buffered", parent: tmpdir(), flags: O_RDWR | O_CREAT },
  { name: "disk, O_DIRECT", parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT },
])("transfer on $name", ({ parent, flags }) => {
  it("writes and reads back 256 blocks at scattered offsets", () => {
    const { queue, bytes, path } = setup({ parent, flags, bufferBytes: 2 * MiB });
    const content = randomBytes(MiB);
    bytes.set(content);
    const blocks = Array.from({ length: 256 }, (_, i) => ((i * 149) % 256) * 4 * KiB);
    const transfer = (op: number, at: number, shift: number): Command => ({
      op,
      lengthBytes: 4 * KiB,
      fileOffset: at,
      bufferOffset: at + shift,
    });
    const whole = blocks.map(() => 4 * KiB);
    expect(queue.run(...blocks.map((at) => transfer(OP.WRITE, at, 0)))).toEqual(whole);
    expect(queue.run({ op: OP.FDATASYNC }, { op: OP.FSYNC })).toEqual([0, 0]);
    expect(fs.readFileSync(path).equals(content)).toBe(true);
    expect(queue.run(...blocks.map((at) => transfer(OP.READ, at, MiB)))).toEqual(whole);
    expect(content.equals(bytes.subarray(MiB))).toBe(true);
  });

  it("reads short at the end of the file, 0 bytes behind it, and touches no byte more", () => {
    const { queue, bytes, fd } = setup({ parent, flags });
    fs.ftruncateSync(fd, 5000);
    bytes.fill(7);
    const read = (fileOffset: number) => queue.run({ op: OP.READ, lengthBytes: 8 * KiB, fileOffset });
    expect(read(0)).toEqual([5000]);
    expect(bytes[4999]).toBe(0);
    if (!(flags & O_DIRECT)) expect(bytes[5000]).toBe(7);
    expect(bytes[8 * KiB]).toBe(7);
    expect(read(4 * KiB)).toEqual([5000 - 4 * KiB]);
    expect(read(8 * KiB)).toEqual([0]);
  });

  it("preallocates, punches holes, and reads zeros from them", () => {
    const { queue, bytes, fd } = setup({ parent, flags });
    bytes.fill(9);
    const blocks = () => {
      fs.fsyncSync(fd);
      return fs.fstatSync(fd).blocks * 512;
    };
    expect(queue.run({ op: OP.FALLOCATE, argument: MiB })).toEqual([0]);
    expect(fs.fstatSync(fd).size).toBe(MiB);
    expect(queue.run({ op: OP.WRITE, lengthBytes: MiB })).toEqual([MiB]);
    expect(blocks()).toBeGreaterThanOrEqual(MiB);
    const hole = { flags: FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE, fileOffset: 256 * KiB, argument: 512 * KiB };
    expect(queue.run({ op: OP.FALLOCATE, ...hole })).toEqual([0]);
    expect(blocks()).toBeLessThan(600 * KiB);
    expect(queue.run({ op: OP.READ, lengthBytes: MiB })).toEqual([MiB]);
    expect([bytes[256 * KiB - 1], bytes[256 * KiB], bytes[768 * KiB - 1], bytes[768 * KiB]]).toEqual([9, 0, 0, 9]);
  });
});

describe("errors of the kernel come as -errno", () => {
  it("EBADF for a write to a file that is open for reading", () => {
    const { queue, path } = setup();
    const fd = fs.openSync(path, O_RDONLY);
    cleanups.push(() => fs.closeSync(fd));
    const file = queue.ring.registerFile(fd);
    expect(queue.run({ op: OP.WRITE, file, lengthBytes: 10 })).toEqual([-EBADF]);
  });

  it("EINVAL for O_DIRECT at an odd offset", () => {
    const { queue } = setup({ parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT });
    expect(queue.run({ op: OP.WRITE, lengthBytes: 4 * KiB, fileOffset: 1 })).toEqual([-EINVAL]);
  });

  it("EINVAL for a fallocate of nothing", () => {
    expect(setup().queue.run({ op: OP.FALLOCATE, argument: 0 })).toEqual([-EINVAL]);
  });

  const root = process.getuid?.() === 0;
  it.skipIf(!root)(`ENOSPC on a full file system${root ? "" : "; skipped: mounting a small tmpfs needs root"}`, () => {
    const folder = folderIn("/dev/shm");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", folder]);
    cleanups.push(() => execFileSync("umount", [folder]));
    const { queue } = setup({ parent: folder });
    expect(queue.run({ op: OP.WRITE, lengthBytes: 64 * KiB })).toEqual([64 * KiB]);
    expect(queue.run({ op: OP.WRITE, lengthBytes: 4 * KiB, fileOffset: 64 * KiB })).toEqual([-ENOSPC]);
  });
});

describe("bounds are checked before the kernel", () => {
  const good: Command = { op: OP.WRITE, lengthBytes: 4 * KiB };
  it.each<[string, Command, number]>([
    ["operation 6", { op: 6 }, -EINVAL],
    ["operation -1", { op: -1 }, -EINVAL],
    ["an IOSQE flag that changes what an index means", { ...good, sqeFlags: 1 }, -EINVAL],
    ["length -1", { ...good, lengthBytes: -1 }, -EINVAL],
    ["file offset -1", { ...good, fileOffset: -1 }, -EINVAL],
    ["file offset 0.5", { ...good, fileOffset: 0.5 }, -EINVAL],
    ["file offset NaN", { ...good, fileOffset: Number.NaN }, -EINVAL],
    ["file offset 1e300", { ...good, fileOffset: 1e300 }, -EINVAL],
    ["fallocate offset Infinity", { op: OP.FALLOCATE, fileOffset: Infinity, argument: 1 }, -EINVAL],
    ["fallocate length -1", { op: OP.FALLOCATE, argument: -1 }, -EINVAL],
    ["file 1, not registered", { ...good, file: 1 }, -EBADF],
    ["file -1", { ...good, file: -1 }, -EBADF],
    ["file 64 of 64", { op: OP.FSYNC, file: 64 }, -EBADF],
    ["buffer 1 of 1", { ...good, buffer: 1 }, -EFAULT],
    ["buffer -1", { ...good, buffer: -1 }, -EFAULT],
    ["one byte behind the buffer", { ...good, bufferOffset: MiB - 4 * KiB + 1 }, -EFAULT],
    ["buffer offset -1", { ...good, bufferOffset: -1 }, -EFAULT],
    ["buffer offset NaN", { ...good, bufferOffset: Number.NaN }, -EFAULT],
    ["buffer offset 2^53", { ...good, bufferOffset: 2 ** 53 }, -EFAULT],
    ["length 2^31-1", { ...good, lengthBytes: 2 ** 31 - 1 }, -EFAULT],
  ])("refuses %s", (_, command, result) => {
    const { queue, fd } = setup();
    expect(queue.run(command)).toEqual([result]);
    expect(fs.fstatSync(fd).size).toBe(0);
    expect(queue.ring.inFlight).toBe(0);
    expect(queue.run({ ...good, bufferOffset: MiB - 4 * KiB })).toEqual([4 * KiB]);
  });

  it("refuses transfers while no buffer is registered", () => {
    const queue = queueOf();
    queue.ring.registerFile(openIn("/dev/shm").fd);
    expect(queue.run(good)).toEqual([-EFAULT]);
  });

  it("lets nothing of a chain happen when one of it is bad, and everything around it", () => {
    const { queue, fd } = setup();
    const linked = { ...good, sqeFlags: IO_LINK };
    expect(
      queue.run(
        { op: OP.NOP },
        linked,
        { ...linked, fileOffset: 4 * KiB, buffer: 3 },
        { ...linked, fileOffset: 8 * KiB },
        { op: OP.FSYNC },
        { ...good, lengthBytes: 10 },
      ),
    ).toEqual([0, -ECANCELED, -EFAULT, -ECANCELED, -ECANCELED, 10]);
    expect(fs.fstatSync(fd).size).toBe(10);
  });
});

describe("chains", () => {
  it("run in order", () => {
    const { queue, bytes, path } = setup();
    const steps = Array.from({ length: 20 }, (_, i) => i);
    for (const i of steps) bytes.fill(i, i * 100, (i + 1) * 100);
    // Each overwrites all but the last byte of the one before.
    const commands = steps.map((i) => ({
      op: OP.WRITE,
      sqeFlags: i < 19 ? IO_LINK | ASYNC : ASYNC,
      lengthBytes: 20 - i,
      bufferOffset: i * 100,
    }));
    expect(queue.run(...commands)).toEqual(steps.map((i) => 20 - i));
    expect([...fs.readFileSync(path)]).toEqual(steps.toReversed());
  });

  it("end with the first that the kernel fails", () => {
    const { queue } = setup({ parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT });
    const odd: Command = { op: OP.WRITE, lengthBytes: 4 * KiB, fileOffset: 1, sqeFlags: IO_LINK };
    expect(queue.run(odd, { op: OP.FSYNC })).toEqual([-EINVAL, -ECANCELED]);
  });

  it("stay whole where the rings wrap", () => {
    const { queue, fd } = setup();
    for (let round = 0; round < 20; round++) {
      const commands = Array.from({ length: 85 }, (_, chain): Command[] => [
        // Of a chain that is split, the read would come before the write and find the end of the file.
        { op: OP.WRITE, lengthBytes: 512, fileOffset: chain * 512, sqeFlags: IO_LINK | ASYNC },
        { op: OP.READ, lengthBytes: 512, fileOffset: chain * 512, bufferOffset: 512 * KiB, sqeFlags: IO_LINK },
        { op: OP.NOP },
      ]).flat();
      expect(queue.run(...commands)).toEqual(commands.map(({ op }) => (op === OP.NOP ? 0 : 512)));
      fs.ftruncateSync(fd, 0);
    }
  });
});

describe("files", () => {
  it("take the lowest free slot, survive the closing of their fd, and can be replaced", () => {
    const queue = queueOf({ maxFiles: 3 });
    queue.ring.registerBuffers([allocate(4 * KiB)]);
    const path = `${folderIn("/dev/shm")}/file`;
    const open = () => fs.openSync(path, O_RDWR | O_CREAT);
    const fds = [open(), open(), open()];
    expect(fds.map((fd) => queue.ring.registerFile(fd))).toEqual([0, 1, 2]);
    expect(() => queue.ring.registerFile(fds[0])).toThrow(expect.objectContaining({ code: "ERR_URING_FILES_FULL" }));
    for (const fd of fds) fs.closeSync(fd);
    expect(queue.run({ op: OP.WRITE, file: 1, lengthBytes: 5 })).toEqual([5]);
    expect(fs.statSync(path).size).toBe(5);
    queue.ring.unregisterFile(1);
    expect(queue.run({ op: OP.WRITE, file: 1, lengthBytes: 5 })).toEqual([-EBADF]);
    expect(() => queue.ring.unregisterFile(1)).toThrow(/EBADF/);
    const fd = open();
    expect(queue.ring.registerFile(fd)).toBe(1);
    fs.closeSync(fd);
    expect(() => queue.ring.registerFile(fd)).toThrow(expect.objectContaining({ code: "ERR_URING_FILES_FULL" }));
    queue.ring.unregisterFile(2);
    expect(() => queue.ring.registerFile(1_000_000)).toThrow(
      expect.objectContaining({ code: "ERR_URING_FILE", message: expect.stringContaining("EBADF") }),
    );
  });
});

describe("buffers", () => {
  it("are registered once, of any ArrayBuffer", () => {
    const { ring } = queueOf();
    ring.registerBuffers([new ArrayBuffer(10_000), allocate(1)]);
    expect(() => ring.registerBuffers([allocate(1)])).toThrow(/registered already/);
  });

  it("refuse what is no memory", () => {
    const { ring } = queueOf();
    const register = (buffers: unknown) => () => ring.registerBuffers(buffers as ArrayBuffer[]);
    expect(register([])).toThrow(RangeError);
    expect(register([new ArrayBuffer(0)])).toThrow(/buffers\[0\] must hold at least 1 byte/);
    expect(register([allocate(1), new Uint8Array(8)])).toThrow(/buffers\[1\] must be an ArrayBuffer/);
    ring.registerBuffers([allocate(1)]);
  });

  it.each([
    ["through the page cache", "/dev/shm", O_RDWR | O_CREAT],
    ["with O_DIRECT", tmpdir(), O_RDWR | O_CREAT | O_DIRECT],
  ])("that are not pinned are named like the others, %s", (_, parent, flags) => {
    const { queue, bytes } = setup({ parent, flags, bufferBytes: 8 * KiB });
    const added = allocate(8 * KiB);
    const buffer = queue.ring.addBuffer(added);
    new Uint8Array(added).fill(7, 4 * KiB);
    const write = { op: OP.WRITE, buffer, lengthBytes: 4 * KiB, bufferOffset: 4 * KiB };
    expect(queue.run(write)).toEqual([4 * KiB]);
    expect(queue.run({ op: OP.READ, lengthBytes: 4 * KiB })).toEqual([4 * KiB]);
    expect(bytes.subarray(0, 4 * KiB).every((byte) => byte === 7)).toBe(true);
    expect(queue.run({ ...write, bufferOffset: 4 * KiB + 1 })).toEqual([-14]); // EFAULT
    expect(queue.run({ ...write, buffer: buffer + 1 })).toEqual([-14]);
  });

  it("that are not pinned come behind the pinned ones", () => {
    const { ring } = queueOf();
    expect(ring.addBuffer(allocate(1))).toBe(0);
    expect(() => ring.registerBuffers([allocate(1)])).toThrow(/register them before addBuffer/);
    expect(() => ring.addBuffer(new ArrayBuffer(0))).toThrow(RangeError);
    expect(() => ring.addBuffer(new Uint8Array(8) as unknown as ArrayBuffer)).toThrow(TypeError);
  });

  it("are aligned to pages and zeroed by allocate()", () => {
    const { queue, bytes } = setup({ parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT, bufferBytes: 3 * MiB });
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(queue.run({ op: OP.WRITE, lengthBytes: 512, bufferOffset: 512 })[0]).toBe(512);
    expect(() => allocate(0)).toThrow(RangeError);
    expect(() => allocate(2 ** 44 + 1)).toThrow(RangeError);
  });

  const canDropRights = process.getuid?.() === 0;
  it.skipIf(!canDropRights)(
    `say how much locked memory they need${canDropRights ? "" : "; skipped: dropping rights needs root"}`,
    () => {
      const index = fileURLToPath(new URL("../index.js", import.meta.url));
      const program = `import { Ring, allocate } from ${JSON.stringify(index)};
        try { new Ring({ entries: 1 }).registerBuffers([allocate(1 << 20), allocate(1 << 20)]); }
        catch (error) { console.log(error.code, error.message); }`;
      const drop = ["--memlock=1048576:1048576", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const command = [...drop, process.execPath, "--input-type=module", "-e", program];
      const { stdout, stderr } = spawnSync("prlimit", command, { encoding: "utf8", cwd: "/" });
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^ERR_URING_BUFFERS .*ENOMEM.*need 2048 KiB.*allows 1024 KiB per user: raise `ulimit -l`/);
    },
  );
});

describe("in an event pump", () => {
  /** Keeps `depth` reads in flight until `count` are done, and checks each. */
  async function readAll(queue: Queue, depth: number, count: number, spinUs: number) {
    const read = (cookie: number, sqeFlags: number): Command => ({
      op: OP.READ,
      cookie,
      lengthBytes: 4 * KiB,
      fileOffset: (cookie % 64) * 4 * KiB,
      bufferOffset: (cookie % 64) * 4 * KiB,
      sqeFlags,
    });
    const results: Completion[] = [];
    let next = 0;
    const { promise, resolve } = deferred();
    const drain = () => {
      for (const completion of queue.consume()) {
        results.push(completion);
        if (next < count) queue.write(read(next++, next % 2 ? ASYNC : 0));
      }
      if (results.length === count) resolve();
    };
    const pump = new Pump([queue.ring.source], drain, { sliceUs: 50, spinUs, yieldUs: 0 });
    cleanups.push(() => pump.stop());
    pump.start();
    await sleep(5);
    while (next < depth) queue.write(read(next++, ASYNC));
    await promise;
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set([4 * KiB]));
    expect(new Set(results.map(({ cookie }) => cookie)).size).toBe(count);
    return pump;
  }

  function deferred() {
    let resolve = () => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    return { promise, resolve };
  }

  it.each([
    { name: "tmpfs", parent: "/dev/shm", flags: O_RDWR | O_CREAT },
    { name: "disk, O_DIRECT", parent: tmpdir(), flags: O_RDWR | O_CREAT | O_DIRECT },
  ])("wakes a pump that sleeps at once, on $name", async ({ parent, flags }) => {
    const { queue, path } = setup({ parent, flags });
    fs.writeFileSync(path, randomBytes(256 * KiB));
    for (const depth of [1, 8]) {
      const pump = await readAll(queue, depth, 2000, 0);
      expect(pump.stats[STAT.wakes]).toBeGreaterThan(10);
      pump.stop();
    }
  });

  it("leaves the pump asleep while nothing happens", async () => {
    const { queue, path } = setup();
    fs.writeFileSync(path, randomBytes(256 * KiB));
    const pump = await readAll(queue, 8, 1000, 200);
    await sleep(50);
    const slices = pump.stats[STAT.slices];
    await sleep(500);
    expect(pump.stats[STAT.slices]).toBe(slices);
  });

  it("sleeps while commands wait for completions to make room", async () => {
    const queue = queueOf({ entries: 4 });
    const { fd: readEnd, close } = pipe();
    cleanups.push(close);
    queue.ring.registerBuffers([allocate(4 * KiB)]);
    queue.ring.registerFile(readEnd);
    const pump = new Pump([queue.ring.source], () => void queue.consume(), { sliceUs: 50, spinUs: 0, yieldUs: 0 });
    cleanups.push(() => pump.stop());
    pump.start();
    for (let written = 0; written < 12; written += 4) {
      queue.write(...Array.from({ length: 4 }, () => ({ op: OP.READ, lengthBytes: 1 })));
      await sleep(10);
    }
    expect(queue.ring.inFlight).toBe(8);
    expect(queue.room).toBe(0);
    const slices = pump.stats[STAT.slices];
    await sleep(100);
    expect(pump.stats[STAT.slices] - slices).toBeLessThan(5);
  });
});

/** A pipe that stays empty. */
function pipe(): { fd: number; close: () => void } {
  const path = `${folderIn("/dev/shm")}/fifo`;
  execFileSync("mkfifo", [path]);
  const fd = fs.openSync(path, O_RDWR);
  return { fd, close: () => fs.closeSync(fd) };
}

describe("the end", () => {
  it("cancels a read that would never end, and waits for writes", () => {
    const { queue, path } = setup();
    const { fd, close } = pipe();
    const file = queue.ring.registerFile(fd);
    queue.write({ op: OP.READ, file, lengthBytes: 1 }, { op: OP.WRITE, lengthBytes: MiB, sqeFlags: ASYNC });
    queue.ring.submit();
    expect(queue.ring.inFlight).toBe(2);
    const started = performance.now();
    queue.ring.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(queue.ring.inFlight).toBe(0);
    expect([0, MiB]).toContain(fs.statSync(path).size);
    close();
  });

  it("leaves a ring that says so, and whose source is inert", async () => {
    const queue = queueOf();
    const { ring } = queue;
    queue.write({ op: OP.NOP });
    ring.close();
    ring.close();
    const closed = expect.objectContaining({ code: "ERR_URING_CLOSED" });
    expect(() => ring.poll()).toThrow(closed);
    expect(() => ring.submit()).toThrow(closed);
    expect(() => ring.registerFile(0)).toThrow(closed);
    expect(() => ring.unregisterFile(0)).toThrow(closed);
    expect(() => ring.registerBuffers([allocate(1)])).toThrow(closed);
    expect(() => ring.setWorkerAffinity([0])).toThrow(closed);
    expect(queue.consume()).toEqual([]);
  });

  it("comes by itself when nobody holds the ring, also with operations in flight", () => {
    const program = fileURLToPath(new URL("programs/collect.mjs", import.meta.url));
    const output = execFileSync(process.execPath, ["--expose-gc", program], { encoding: "utf8", timeout: 20_000 });
    expect(output).toBe("closed by the collector\n");
  });
});

describe("contract", () => {
  it("refuses bad options", () => {
    expect(() => new Ring({ entries: 0 })).toThrow(RangeError);
    expect(() => new Ring({ entries: 3 })).toThrow(/power of two/);
    expect(() => new Ring({ entries: 32768 })).toThrow(RangeError);
    expect(() => new Ring({ maxFiles: 0 })).toThrow(RangeError);
    expect(() => new Ring({ maxFiles: "1" as unknown as number })).toThrow(TypeError);
  });

  it("sets where workers run", () => {
    const { ring } = queueOf();
    ring.setWorkerAffinity([0]);
    expect(() => ring.setWorkerAffinity([])).toThrow(RangeError);
    expect(() => ring.setWorkerAffinity([1_000_000])).toThrow(RangeError);
  });

  it("says which limit keeps a ring from opening", () => {
    const index = fileURLToPath(new URL("../index.js", import.meta.url));
    const program = `import { Ring } from ${JSON.stringify(index)};
      try { new Ring({ maxFiles: 60000 }); } catch (error) { console.log(error.code, error.message); }`;
    const command = ["--nofile=1024:1024", process.execPath, "--input-type=module", "-e", program];
    expect(spawnSync("prlimit", command, { encoding: "utf8" }).stdout).toMatch(
      /^ERR_URING_SETUP io_uring_register_files: EMFILE .*RLIMIT_NOFILE is 1024: raise `ulimit -n` or take fewer files/,
    );
  });

  it("exports what index.d.ts declares, with the layout of ring.h", () => {
    const declared = fs.readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
    const names = [...declared.matchAll(/^export declare (?:class|const|function) (\w+)/gm)].map((match) => match[1]);
    expect(Object.keys(uring).sort()).toEqual(names.sort());
    const members = [...declared.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map((match) => match[1]);
    const { ring } = queueOf();
    const real = [...Object.keys(ring), ...Object.getOwnPropertyNames(Ring.prototype)];
    expect(members.filter((name) => !Object.hasOwn(OP, name)).sort()).toEqual(real.sort());
    const header = fs.readFileSync(new URL("../src/ring.h", import.meta.url), "utf8");
    const order = [...header.matchAll(/^\tOP_(\w+),$/gm)].map((match) => match[1]);
    expect([...Object.keys(OP), "COUNT"]).toEqual(order);
    expect(Object.values(OP)).toEqual(order.slice(0, -1).map((_, i) => i));
  });
});
