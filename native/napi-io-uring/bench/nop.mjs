// NOPs at a fixed queue depth: what the boundary itself costs. node nop.mjs [DEPTH] [SECONDS]
import { OP, Ring } from "../index.js";

const depth = Number(process.argv[2] ?? 32);
const seconds = Number(process.argv[3] ?? 2);
const ring = new Ring({ entries: 256 });
const words = new Int32Array(ring.rings);
const commandWord = ring.commandOffset / 4;
const end = performance.now() + seconds * 1000;
const rates = [];
while (performance.now() < end) {
  const started = performance.now();
  const batches = 20_000;
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < depth; i++) {
      const command = commandWord + (words[0] & (ring.commandSlots - 1)) * 16;
      words[command] = OP.NOP;
      words[command + 5] = i;
      words[command + 6] = 0;
      words[0]++;
    }
    while (words[3] !== words[0]) {
      ring.poll();
      words[3] = words[2];
    }
  }
  rates.push((batches * depth) / (performance.now() - started) / 1000);
}
rates.sort((a, b) => a - b);
const [median, best] = [rates[rates.length >> 1], rates.at(-1)];
console.log(`NOP, depth ${depth}: median ${median.toFixed(1)} M/s, best ${best.toFixed(1)} M/s`);
