// Transfers of one file at a fixed queue depth, in an event pump that sleeps when nothing is complete.
// node transfer.mjs PATH PATTERN BLOCK_BYTES DEPTH SECONDS DIRECT, PATTERN as fio's rw: read, write, randread, randwrite.
// One JSON line: { operations, perSecond }; `operations` counts the whole process, from its first to its last.
import { constants, fstatSync, openSync } from "node:fs";
import { Pump } from "../../event-pump/index.js";
import { allocate, OP, Ring } from "../../napi-io-uring/index.js";

const [path, pattern, ...numbers] = process.argv.slice(2);
const [blockBytes, depth, seconds, direct] = numbers.map(Number);
const random = pattern.startsWith("rand");
const op = pattern.endsWith("read") ? OP.READ : OP.WRITE;
const fd = openSync(path, constants.O_RDWR | (direct ? constants.O_DIRECT : 0));
const blocks = fstatSync(fd).size / blockBytes;
const ring = new Ring({ entries: 64 });
const memory = allocate(depth * blockBytes);
new Int32Array(memory).fill(0x5a5a5a5a);
ring.registerBuffers([memory]);
const file = ring.registerFile(fd);
const words = new Int32Array(ring.rings);
const doubles = new Float64Array(ring.rings);
const commandWord = ring.commandOffset / 4;
const completionWord = ring.completionOffset / 4;
let next = 0;

// The cookie is the block in memory.
function transfer(cookie) {
  const command = commandWord + (words[0] & (ring.commandSlots - 1)) * 16;
  const block = random ? Math.floor(Math.random() * blocks) : next++ % blocks;
  words[command] = op;
  words[command + 1] = file;
  words[command + 2] = 0;
  words[command + 3] = blockBytes;
  words[command + 4] = 0;
  words[command + 5] = cookie;
  words[command + 6] = 0;
  doubles[command / 2 + 4] = block * blockBytes;
  doubles[command / 2 + 5] = cookie * blockBytes;
  words[0]++;
}

let operations = 0;
let measuring = true;

function drain() {
  for (; words[3] !== words[2]; words[3]++) {
    const completion = completionWord + (words[3] & (ring.completionSlots - 1)) * 4;
    if (words[completion + 1] !== blockBytes) throw new Error(`${pattern}: ${words[completion + 1]}`);
    operations++;
    if (measuring) transfer(words[completion]);
  }
}

const pump = new Pump([ring.source], drain, { sliceUs: 50, spinUs: 0, yieldUs: 0 });
for (let cookie = 0; cookie < depth; cookie++) transfer(cookie);
pump.start();
const started = performance.now();
setTimeout(() => {
  const perSecond = operations / ((performance.now() - started) / 1000);
  measuring = false;
  pump.stop();
  ring.close();
  console.log(JSON.stringify({ operations, perSecond }));
}, seconds * 1000);
