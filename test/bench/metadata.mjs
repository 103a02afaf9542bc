// What a server's store of names costs as it fills: rates, heap and pauses of the garbage collector, each time that as
// many files as before have come. No network and no clients: the store is what could grow slow.
//
//   npm run build && node test/bench/metadata.mjs [--files 1000000] [--storage /dev/shm] [--durability pagecache]
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CommitQueue } from "../../dist/server/commit-queue.js";
import { Database } from "../../dist/server/database.js";
import { MetadataStore } from "../../dist/server/metadata-store.js";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "1000000" },
    storage: { type: "string", default: "/dev/shm" },
    durability: { type: "string", default: "pagecache" },
  },
});
const files = Number(values.files);
/** Operations that are timed, of each kind; clients whose requests come in one turn. */
const sample = 50_000;
const clients = 4;
const filesPerDirectory = 10_000;

const path = mkdtempSync(join(values.storage, "benchfs-metadata-"));
const database = Database.open(join(path, "meta"), values.durability);
const store = new MetadataStore(database, 0);
const commits = new CommitQueue(database);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
let pauseMsMax = 0;
let pausesMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    pauseMsMax = Math.max(pauseMsMax, duration);
    pausesMs += duration;
  }
}).observe({ entryTypes: ["gc"] });

/** Directories in no order, so that their entries fall anywhere in the tree, as those of many clients do. */
const directoryOf = (file) => 1 + ((Math.floor(file / filesPerDirectory) * 7919) % 1_000_003);
const nameOf = (file) => Buffer.from(`file.mdtest.0.${file}`);

function create(file) {
  commits.add({
    apply: () => {
      const ino = store.takeInode();
      store.putEntry(directoryOf(file), nameOf(file), {
        ino,
        sizeBytes: 0,
        mtimeUs: 1e15,
        ctimeUs: 1e15,
        kind: 1,
        mode: 0o644,
      });
      return 0;
    },
    settle: mustSucceed,
  });
}

function remove(file) {
  commits.add({
    apply: () => {
      store.removeEntry(directoryOf(file), nameOf(file));
      return 0;
    },
    settle: mustSucceed,
  });
}

function mustSucceed(status) {
  if (status !== 0) throw new Error(`failed with ${status}`);
}

/** @returns Operations per second of `operate` on the files from `first` on, with the turns of `clients` requests. */
async function rate(first, count, operate) {
  const start = process.hrtime.bigint();
  for (let file = first; file < first + count; file += clients) {
    for (let i = file; i < Math.min(file + clients, first + count); i++) operate(i);
    await null;
    if ((file - first) % 4096 === 0) await new Promise(setImmediate);
  }
  return count / (Number(process.hrtime.bigint() - start) / 1e9);
}

const lookUp = (there) => (file) => {
  // A file anywhere among those that are there.
  const any = (file * 48_271) % there;
  if (store.find(directoryOf(any), nameOf(any)) === undefined) throw new Error(`file ${any} is missing`);
};

let made = 0;
for (const operate of [create, lookUp(sample), remove]) await rate(0, sample, operate); // Compiled from here on.
console.log("files       create/s   stat/s   remove/s   heap MiB   longest pause ms   pauses %   database MiB");
for (let there = 0; ; there = there === 0 ? Math.min(100_000, files) : Math.min(there * 2, files)) {
  await rate(made, there - made, create);
  made = there;
  collect();
  await new Promise(setImmediate);
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20;
  pauseMsMax = pausesMs = 0;
  const start = performance.now();
  const creates = await rate(there, sample, create);
  const stats = await rate(0, sample, lookUp(there + sample));
  const removes = await rate(there, sample, remove);
  await new Promise(setImmediate);
  const pausesPercent = (100 * pausesMs) / (performance.now() - start);
  const databaseMiB = statSync(join(path, "meta", "data.mdb")).size / 2 ** 20;
  const row = [creates, stats, removes, heapMiB, pauseMsMax.toFixed(2), pausesPercent.toFixed(1), databaseMiB];
  const cells = row.map((cell) => (typeof cell === "number" ? cell.toFixed(0) : cell).padStart(10));
  console.log(`${there}`.padEnd(10) + cells.join(""));
  if (there === files) break;
}
await database.close();
rmSync(path, { recursive: true });
