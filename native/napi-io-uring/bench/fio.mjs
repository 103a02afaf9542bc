// This package against fio in one run, alternating: random 4 KiB O_DIRECT reads, depth 32, both pinned to one core, with
// fixed buffers and files. Alternating, because the speed of a shared disk drifts by more than the two differ.
// node fio.mjs [FOLDER] [ROUNDS] [SPIN_US]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(`${process.argv[2] ?? "."}/randread-`);
const rounds = Number(process.argv[3] ?? 5);
const spinUs = process.argv[4] ?? "0";
const path = `${folder}/data`;
const [depth, seconds, core] = ["32", "1.5", "0"];

const pinned = (...command) => execFileSync("taskset", ["-c", core, ...command], { encoding: "utf8" });
const common = [`--filename=${path}`, "--name=randread", "--size=256m", "--direct=1", "--output-format=json"];

function fio() {
  const engine = ["--ioengine=io_uring", "--fixedbufs", "--registerfiles", "--bs=4k", `--iodepth=${depth}`];
  const time = ["--rw=randread", "--time_based", `--runtime=${seconds}`, "--norandommap"];
  const [job] = JSON.parse(pinned("fio", ...common, ...engine, ...time)).jobs;
  return { iops: Math.round(job.read.iops), cpuPercent: Math.round(job.usr_cpu + job.sys_cpu) };
}

function ours() {
  const program = fileURLToPath(new URL("randread.mjs", import.meta.url));
  return JSON.parse(pinned(process.execPath, program, path, depth, seconds, spinUs));
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  execFileSync("fio", [...common, "--rw=write", "--bs=1m"]);
  const results = [];
  for (let round = 0; round < rounds; round++) {
    results.push({ fio: fio(), ours: ours() });
    console.log(JSON.stringify(results.at(-1)));
  }
  const of = (who, what) => median(results.map((result) => result[who][what]));
  const ratio = of("ours", "iops") / of("fio", "iops");
  console.log(
    `median: fio ${of("fio", "iops")}/s (CPU ${of("fio", "cpuPercent")} %), ` +
      `napi-io-uring ${of("ours", "iops")}/s (CPU ${of("ours", "cpuPercent")} %), ratio ${ratio.toFixed(2)}`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
