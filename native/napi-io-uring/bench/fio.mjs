// This package against fio, in alternating rounds of one run, because the speed of a shared disk drifts by more than the
// two differ. Both are pinned to one core and have fixed buffers and files.
// node bench/fio.mjs [--rounds N] [--seconds N] [--folder PATH] [--core N]: a JSON line per row, of medians over rounds.
// Exit status 1: a goal is missed; 3: there is no fio.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    folder: { type: "string", default: "." },
    core: { type: "string", default: "0" },
  },
});
const rounds = Number(values.rounds);
if (!(rounds >= 1 && Number(values.seconds) > 0)) {
  console.error("--rounds and --seconds must be positive numbers");
  process.exit(2);
}
if (spawnSync("fio", ["--version"]).status !== 0) {
  console.error("fio is missing: apt-get install fio");
  process.exit(3);
}

const KiB = 1024;
const MiB = 1024 * KiB;
const fileBytes = 512 * MiB;
const program = (name) => fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
let missed = false;

function report(row, ours, anchor, unit, atLeast) {
  const ratio = ours / anchor;
  if (atLeast ? ratio < 1 : ratio > 1) missed = true;
  const round = (value) => Number(value.toPrecision(4));
  const goal = atLeast ? ">= 1.0" : "<= 1.0";
  console.log(JSON.stringify({ row, ours: round(ours), anchor: round(anchor), unit, ratio: round(ratio), goal }));
}

/** Runs on the core; CPU seconds by getrusage of all processes that it was, from start to end, as the shell has them. */
function pinned(...command) {
  const script = '"$@" && times';
  const shell = ["-c", values.core, "bash", "-c", script, "bash", ...command];
  const lines = execFileSync("taskset", shell, { encoding: "utf8" }).trimEnd().split("\n");
  const [user, system] = lines
    .pop()
    .split(" ")
    .map((time) => {
      const [, minutes, seconds] = /(\d+)m([\d.]+)s/.exec(time);
      return Number(minutes) * 60 + Number(seconds);
    });
  lines.pop(); // the shell's own
  return { output: lines.join("\n"), cpuSeconds: user + system };
}

/**
 * As few handicaps as it can have: no clock reads or changes of data per operation, and memory as `allocate()` makes it.
 * Buffers that malloc returns are neither aligned nor of huge pages, and cost fio up to two thirds of its bandwidth.
 */
function runFio(path, { pattern, blockBytes, depth, direct }) {
  const { output, cpuSeconds } = pinned(
    "env",
    "GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
    "fio",
    "--name=anchor",
    "--gtod_reduce=1",
    "--scramble_buffers=0",
    `--iomem_align=${2 * MiB}`,
    "--output-format=json",
    `--filename=${path}`,
    `--size=${fileBytes}`,
    `--rw=${pattern}`,
    `--bs=${blockBytes}`,
    `--iodepth=${depth}`,
    `--direct=${direct}`,
    "--ioengine=io_uring",
    "--fixedbufs",
    "--registerfiles",
    "--norandommap",
    // New offsets in every round, as ours are.
    "--randrepeat=0",
    "--invalidate=0",
    "--time_based",
    `--runtime=${values.seconds}`,
  );
  const [job] = JSON.parse(output).jobs;
  const { total_ios: operations, iops: perSecond } = job[pattern.endsWith("read") ? "read" : "write"];
  return { perSecond, cpuPerMillion: (cpuSeconds / operations) * 1e6 };
}

function runOurs(path, { pattern, blockBytes, depth, direct }) {
  const numbers = [blockBytes, depth, values.seconds, direct].map(String);
  const { output, cpuSeconds } = pinned(process.execPath, program("transfer"), path, pattern, ...numbers);
  const { operations, perSecond } = JSON.parse(output);
  return { perSecond, cpuPerMillion: (cpuSeconds / operations) * 1e6 };
}

function compare(path, name, workload) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever comes second finds the disk as the first left it: take turns.
    const [first, second] = round % 2 === 0 ? [runFio, runOurs] : [runOurs, runFio];
    const pair = { [first.name]: first(path, workload), [second.name]: second(path, workload) };
    results.push(pair);
  }
  const of = (who, what) => median(results.map((result) => result[who.name][what]));
  const row = `${name} ${workload.pattern} ${workload.blockBytes / KiB} KiB depth ${workload.depth}`;
  if (workload.blockBytes < MiB) {
    report(row, of(runOurs, "perSecond"), of(runFio, "perSecond"), "1/s", true);
    report(`${row} CPU`, of(runOurs, "cpuPerMillion"), of(runFio, "cpuPerMillion"), "s per million operations", false);
  } else {
    const perMiB = workload.blockBytes / MiB;
    report(row, of(runOurs, "perSecond") * perMiB, of(runFio, "perSecond") * perMiB, "MiB/s", true);
  }
}

function withFile(folder, action) {
  const inside = mkdtempSync(`${folder}/napi-io-uring-bench-`);
  const path = `${inside}/data`;
  try {
    const layout = [`--filename=${path}`, `--size=${fileBytes}`, "--rw=write", "--bs=1m", "--end_fsync=1"];
    execFileSync("fio", ["--name=layout", "--output-format=json", ...layout]);
    action(path);
  } finally {
    rmSync(inside, { recursive: true });
  }
}

withFile(values.folder, (path) => {
  for (const pattern of ["randread", "randwrite"])
    compare(path, "disk, O_DIRECT,", { pattern, blockBytes: 4 * KiB, depth: 32, direct: 1 });
  for (const pattern of ["read", "write"])
    compare(path, "disk, O_DIRECT,", { pattern, blockBytes: 4 * MiB, depth: 8, direct: 1 });
});
withFile("/dev/shm", (path) => {
  for (const pattern of ["read", "write"])
    compare(path, "tmpfs,", { pattern, blockBytes: 4 * MiB, depth: 8, direct: 0 });
});
const idle = Array.from({ length: rounds }, () =>
  Number(execFileSync(process.execPath, [program("idle"), values.seconds], { encoding: "utf8" })),
);
// The anchor is the bound: an idle process of fio does not exist.
const idlePercent = median(idle);
if (idlePercent >= 0.2) missed = true;
const ratio = Number((idlePercent / 0.2).toPrecision(4));
console.log(JSON.stringify({ row: "idle", ours: idlePercent, anchor: 0.2, unit: "% of a core", ratio, goal: "< 1.0" }));
process.exitCode = missed ? 1 : 0;
