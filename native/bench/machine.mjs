// What a figure was measured on.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";
import { libraryVersion as mpiVersion } from "node-mpi";
import { libraryVersion as ucxVersion } from "ucx-node";

export function machine() {
  const [{ model }] = cpus();
  return {
    processor: `${model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    software: [
      `Node.js ${process.version}`,
      `UCX ${ucxVersion()}`,
      mpiVersion().split(",")[0],
      execFileSync("fio", ["--version"], { encoding: "utf8" }).trim(),
    ].join(", "),
    load: `${loadavg()[0].toFixed(2)} before the first row`,
  };
}
