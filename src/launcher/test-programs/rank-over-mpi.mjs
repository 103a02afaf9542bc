// Keeps the contract of a rank without its file system: MPI is gone after the boot, rank 0 leads, notices that
// a rank is dead and ends the job with status 4, the others follow; without the lead each ends with 4 by itself.
// node rank-over-mpi.mjs <folder>: writes <folder>/pid-<rank> when it is up, <folder>/ended-<rank> when it ends.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { finalize, init, world } from "node-mpi";

const folder = process.argv[2];
const { rank, size } = init();
writeFileSync(`${folder}/pid-${rank}`, String(process.pid));
world().barrier();
const pids = Array.from({ length: size }, (_, i) => Number(readFileSync(`${folder}/pid-${i}`, "utf8")));
finalize();
writeFileSync(`${folder}/up-${rank}`, "");

function end(status, why) {
  writeFileSync(`${folder}/ended-${rank}`, why);
  process.exit(status);
}
process.on("SIGTERM", () => end(rank === 0 ? 130 : 0, "asked to"));
process.on("SIGUSR2", () => {}); // Launchers signal the whole process group; the supervisor passes it on as SIGTERM.

function isDead(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}
setInterval(() => {
  if (rank === 0 && existsSync(`${folder}/finish`)) end(0, "finished");
  if (rank !== 0 && existsSync(`${folder}/ended-0`)) end(0, "followed");
  if (rank !== 0 && isDead(pids[0])) end(4, "lead is gone");
  if (rank === 0 && pids.some(isDead)) setTimeout(() => end(4, "a rank is gone"), 1000);
}, 20);
setTimeout(() => end(1, "nobody ended it"), 60_000);
