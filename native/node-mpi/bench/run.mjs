// allgather() of 1 KiB on 8 ranks against the same loop in C, in alternating rounds; a JSON line per row, medians.
// Usage: node bench/run.mjs [--rounds N]. It needs mpirun (Open MPI) and mpicc (or MPICC).
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ranks = 8;
const payloadBytes = 1024;
const iterations = 1000;
/** Times the anchor's duration, at most. */
const goal = 1.1;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(values.rounds);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "node-mpi-bench-"));
try {
  const anchor = join(folder, "anchor");
  execFileSync(process.env.MPICC ?? "mpicc", ["-O2", "-o", anchor, here("anchor.c")]);
  const loop = [String(iterations), String(payloadBytes)];
  const us = { ours: [], unknown: [], known: [] };
  for (let round = 0; round < rounds; round++) {
    us.ours.push(job(process.execPath, here("allgather.mjs"), ...loop));
    us.unknown.push(job(anchor, ...loop, "unknown"));
    us.known.push(job(anchor, ...loop, "known"));
  }
  // Our call learns the lengths; the second row shows what that costs beside a program that knows them.
  print("allgather 1 KiB, 8 ranks, lengths unknown to both", us.ours, us.unknown);
  print("allgather 1 KiB, 8 ranks, lengths known to the anchor", us.ours, us.known);
} finally {
  rmSync(folder, { recursive: true });
}

function job(...program) {
  const words = ["--oversubscribe", "--allow-run-as-root", "--bind-to", "none", "-n", String(ranks), ...program];
  const env = { ...process.env, OMPI_MCA_btl_tcp_if_include: "lo", OMPI_MCA_oob_tcp_if_include: "lo" };
  return Number(execFileSync("mpirun", words, { env, encoding: "utf8", timeout: 120_000 }));
}

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}

function print(row, oursUs, anchorUs) {
  const [ours, anchor] = [median(oursUs), median(anchorUs)];
  console.log(JSON.stringify({ row, ours, anchor, unit: "us", ratio: Number((ours / anchor).toFixed(3)), goal }));
}
