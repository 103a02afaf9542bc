// A ring that nobody holds is closed by the collector, although operations are in flight; then its memory is freed.
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { allocate, OP, Ring } from "../../index.js";

function rings() {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[io_uring]";
    } catch {
      return false;
    }
  }).length;
}

function leave() {
  const ring = new Ring({ entries: 8 });
  ring.registerBuffers([allocate(1 << 20)]);
  const words = new Int32Array(ring.rings);
  words[ring.commandOffset / 4] = OP.NOP;
  words[0] = 1;
  ring.submit();
  if (ring.inFlight !== 1) throw new Error("not in flight");
}

const before = rings();
for (let i = 0; i < 20; i++) leave();
for (let turn = 0; turn < 100 && rings() > before; turn++) {
  globalThis.gc();
  await sleep(5);
}
leave();
console.log(rings() - before <= 1 ? "closed by the collector" : `${rings() - before} rings are open`);
