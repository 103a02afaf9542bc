// cycle.mjs OPERATIONS: operations of every kind, in and out.
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { printGrowth } from "../../../addon-kit/test/growth.mjs";
import { allocate, OP, Ring } from "../../index.js";

const operations = Number(process.argv[2]);
const folder = mkdtempSync("/dev/shm/napi-io-uring-cycle-");
const directory = openSync(folder, "r");
const ring = new Ring({ entries: 16, maxFiles: 8 });
const memory = allocate(64 * 1024);
ring.registerBuffers([memory]);
const words = new Int32Array(ring.rings);
const doubles = new Float64Array(ring.rings);
Buffer.from(memory).write("a\0b\0");
new Int32Array(memory, 64, 2).set([0, 4096]);
new Float64Array(memory, 72, 1).set([8192]);

function run(ints, floats) {
  const word = ring.commandOffset / 4 + (words[0] & (ring.commandSlots - 1)) * 16;
  words.fill(0, word, word + 16);
  words.set(ints, word);
  doubles.set(floats, word / 2 + 4);
  words[0]++;
  while (ring.poll() === 0);
  const result = words[ring.completionOffset / 4 + (words[3] & (ring.completionSlots - 1)) * 4 + 1];
  words[3]++;
  return result;
}

const expected = (name, result, value) => {
  if (result !== value) throw new Error(`${name}: ${result} instead of ${value}`);
};
const createReadWrite = 0o102;

function cycle() {
  expected("NOP", run([OP.NOP], []), 0);
  expected("OPENAT", run([OP.OPENAT, directory, 0, 2, createReadWrite], [0, 0, 0o600]), 0);
  expected("WRITE", run([OP.WRITE, 0, 0, 4096], [0, 4096]), 4096);
  expected("WRITEV", run([OP.WRITEV, 0, 0, 1], [4096, 64]), 4096);
  expected("READ", run([OP.READ, 0, 0, 8192], [0, 16384]), 8192);
  expected("READV", run([OP.READV, 0, 0, 1], [0, 64]), 4096);
  expected("FALLOCATE", run([OP.FALLOCATE, 0, 0, 0, 3], [0, 0, 4096]), 0);
  expected("FDATASYNC", run([OP.FDATASYNC, 0], []), 0);
  expected("CLOSE", run([OP.CLOSE, 0], []), 0);
  expected("STATX", run([OP.STATX, directory, 0, 2], [0, 0, 32768, 0xfff]), 0);
  expected("RENAMEAT", run([OP.RENAMEAT, directory, 0, 2, 0, 0, 0, directory], [0, 0, 2, 2]), 0);
  expected("UNLINKAT", run([OP.UNLINKAT, directory, 0, 2], [0, 2]), 0);
  expected("TIMEOUT", run([OP.TIMEOUT], [0, 0, 1]), -62);
  expected("CANCEL", run([OP.CANCEL, 0, 0, 99], []), -2);
}

await printGrowth(operations, 14, cycle);
ring.close();
rmSync(folder, { recursive: true });
