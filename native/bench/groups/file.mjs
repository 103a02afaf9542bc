// One file, by napi-io-uring and by fio.
import { fio, laidOutFile, transfer } from "../fio.mjs";
import { atLeast, atMost } from "../goal.mjs";
import { MiB, rateOf, sizeText } from "../units.mjs";

const seconds = 1;

/** `workload`: see fio.mjs. Small transfers have a second row, for the CPU that they take. */
export function file(folder, name, workload) {
  const { blockBytes, depth, pattern } = workload;
  const { unit, scale } = rateOf(blockBytes);
  const what = `${name} ${pattern} ${sizeText(blockBytes)}, depth ${depth}`;
  const run = async (side) => {
    const { perSecond, cpuPerMillion } = await side(await laidOutFile(folder), workload, seconds);
    return { rate: perSecond * scale, cpu: cpuPerMillion };
  };
  const rows = { rate: { what, unit, goal: atLeast(1) } };
  if (blockBytes < MiB) rows.cpu = { what: `${what}: CPU`, unit: "us per operation", goal: atMost(1) };
  return { name: `file ${what}`, tools: ["fio"], rows, ours: () => run(transfer), anchor: () => run(fio) };
}
