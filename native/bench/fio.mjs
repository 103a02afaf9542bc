// fio and its counterpart programs/transfer.mjs: transfers of one file, pinned to one core.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { output, program } from "./programs.mjs";
import { MiB } from "./units.mjs";

const fileBytes = 512 * MiB;

/** What the command prints, and CPU seconds by getrusage of all processes that it was, as the shell has them. */
async function timed(words) {
  const script = '"$@" && times';
  const text = await output("taskset", ["-c", 0, "bash", "-c", script, "bash", ...words]);
  const lines = text.trimEnd().split("\n");
  const seconds = lines
    .pop()
    .split(" ")
    .map((time) => {
      const [, minutes, rest] = /(\d+)m([\d.]+)s/.exec(time);
      return Number(minutes) * 60 + Number(rest);
    });
  lines.pop(); // the shell's own
  return { output: lines.join("\n"), cpuSeconds: seconds[0] + seconds[1] };
}

/**
 * As few handicaps as it can have: no clock reads or changes of data per operation, and memory as `allocate()` makes it.
 * Buffers that malloc returns are neither aligned nor of huge pages, and cost fio up to two thirds of its bandwidth.
 */
export async function fio(path, { pattern, blockBytes, depth, direct }, seconds) {
  const { output, cpuSeconds } = await timed([
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
    `--runtime=${seconds}`,
  ]);
  const [job] = JSON.parse(output).jobs;
  const { total_ios: operations, iops: perSecond } = job[pattern.endsWith("read") ? "read" : "write"];
  return { perSecond, cpuPerMillion: (cpuSeconds / operations) * 1e6 };
}

/** The same with napi-io-uring. */
export async function transfer(path, { pattern, blockBytes, depth, direct }, seconds) {
  const numbers = [blockBytes, depth, seconds, direct].map(String);
  const { output, cpuSeconds } = await timed([process.execPath, program("transfer.mjs"), path, pattern, ...numbers]);
  const { operations, perSecond } = JSON.parse(output);
  return { perSecond, cpuPerMillion: (cpuSeconds / operations) * 1e6 };
}

const files = new Map();

/** Path of a file in a new folder below `folder`, until the process ends. It has its blocks: nobody pays for allocating them. */
export function laidOutFile(folder) {
  if (!files.has(folder)) files.set(folder, layOut(folder));
  return files.get(folder);
}

async function layOut(folder) {
  const inside = mkdtempSync(join(folder, "bench-native-"));
  process.on("exit", () => rmSync(inside, { recursive: true, force: true }));
  const path = join(inside, "data");
  const words = [`--filename=${path}`, `--size=${fileBytes}`, "--rw=write", "--bs=1m", "--end_fsync=1"];
  await output("fio", ["--name=layout", "--output-format=json", ...words]);
  return path;
}
