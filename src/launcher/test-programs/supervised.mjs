// The supervisor of one rank, as `node . run` starts it, with a small program in the place of the rank:
// node supervised.mjs <program> <words for it>
import { supervise } from "../../../dist/launcher/supervisor.js";

const [program, ...argv] = process.argv.slice(2);
const rank = Number(process.env.OMPI_COMM_WORLD_RANK ?? 0);
process.exitCode = await supervise(rank, argv, new URL(program, import.meta.url).pathname);
