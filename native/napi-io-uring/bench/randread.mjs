// Random 4 KiB O_DIRECT reads of one file at a fixed queue depth, in an event pump.
// node randread.mjs FILE DEPTH SECONDS SPIN_US: one JSON line { iops, cpuPercent, sleeps }.
import { constants, fstatSync, openSync } from "node:fs";
import { Pump, STAT } from "../../event-pump/index.js";
import { allocate, OP, Ring } from "../index.js";

const blockBytes = 4096;
const [path, ...numbers] = process.argv.slice(2);
const [depth, seconds, spinUs] = numbers.map(Number);
const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECT);
const blocks = fstatSync(fd).size / blockBytes;
const ring = new Ring({ entries: 256 });
ring.registerBuffers([allocate(depth * blockBytes)]);
const file = ring.registerFile(fd);
const words = new Int32Array(ring.rings);
const doubles = new Float64Array(ring.rings);
const commandWord = ring.commandOffset / 4;
const completionWord = ring.completionOffset / 4;

// The cookie of a read is its block in the buffer.
function read(cookie) {
  const command = commandWord + (words[0] & (ring.commandSlots - 1)) * 16;
  words[command] = OP.READ;
  words[command + 1] = file;
  words[command + 2] = 0;
  words[command + 3] = blockBytes;
  words[command + 4] = 0;
  words[command + 5] = cookie;
  words[command + 6] = 0;
  doubles[command / 2 + 4] = Math.floor(Math.random() * blocks) * blockBytes;
  doubles[command / 2 + 5] = cookie * blockBytes;
  words[0]++;
}

let reads = 0;
const pump = new Pump(
  [ring.source],
  () => {
    for (; words[3] !== words[2]; words[3]++) {
      const completion = completionWord + (words[3] & (ring.completionSlots - 1)) * 4;
      if (words[completion + 1] !== blockBytes) throw new Error(`read: ${words[completion + 1]}`);
      reads++;
      read(words[completion]);
    }
  },
  { sliceUs: 50, spinUs, yieldUs: 0 },
);
for (let cookie = 0; cookie < depth; cookie++) read(cookie);
pump.start();

const warmUpMs = 200;
setTimeout(() => {
  const started = performance.now();
  const cpu = process.cpuUsage();
  const [readsBefore, sleepsBefore] = [reads, pump.stats[STAT.sleeps]];
  setTimeout(() => {
    const elapsed = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const iops = Math.round((reads - readsBefore) / elapsed);
    const cpuPercent = Math.round((user + system) / 1e4 / elapsed);
    const sleeps = pump.stats[STAT.sleeps] - sleepsBefore;
    pump.stop();
    ring.close();
    console.log(JSON.stringify({ iops, cpuPercent, sleeps }));
  }, seconds * 1000);
}, warmUpMs);
