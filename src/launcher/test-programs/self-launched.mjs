// Starts itself as ranks under mpirun, as `node . run` does: node self-launched.mjs <ranks> <what a rank does> <number>
import { fileURLToPath } from "node:url";
import { findLauncher, launch } from "../../../dist/launcher/mpirun.js";

const rank = process.env.OMPI_COMM_WORLD_RANK;
const [ranks, what, number] = process.argv.slice(2);
if (rank === undefined) {
  const program = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exitCode = await launch(findLauncher(process.env), Number(ranks), program, process.env);
} else if (what === "end-with") {
  console.log(`up ${rank}`);
  // The status of the job is that of one rank; the others end well before.
  setTimeout(() => process.exit(rank === "0" ? Number(number) : 0), rank === "0" ? 1000 : 0);
} else {
  const end = () => {
    setTimeout(() => {
      console.log("ended in order");
      process.exit(rank === "0" ? 130 : 0);
    }, Number(number));
  };
  process.once("SIGUSR2", end);
  console.log(`up ${rank}`);
  setTimeout(() => process.exit(1), 60_000);
}
