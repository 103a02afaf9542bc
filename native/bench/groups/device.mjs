// Transfers to the device of a server, through the whole file system: one server and one client against fio, which has
// the device to itself and no network before it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { fio, laidOutFile } from "../fio.mjs";
import { atLeast } from "../goal.mjs";
import { mpirun, root, scratch } from "../programs.mjs";
import { MiB, rateOf, sizeText } from "../units.mjs";

const depth = 8;
const seconds = 1;

export function device(folder, blockBytes, ratio) {
  const { unit, scale } = rateOf(blockBytes);
  const row = (what) => ({ what: `${what}, ${sizeText(blockBytes)}, depth ${depth}`, unit, goal: atLeast(ratio) });
  const random = blockBytes < MiB;
  return {
    name: `device ${sizeText(blockBytes)}`,
    tools: ["fio"],
    rows: { write: row("remote write to the device"), read: row("remote read from the device") },
    async ours() {
      const out = join(mkdtempSync(join(scratch(), "device-")), "results");
      const storage = mkdtempSync(join(folder, "bench-native-"));
      // The first run gives the file its blocks, so that the second, as fio, overwrites.
      const measured = `ior -w -r -k -E -t ${blockBytes} ${random ? "-b 128m -z" : "-b 512m"} --queue-depth ${depth} -o f`;
      const config = `${out}.toml`;
      writeFileSync(config, `workloads = ["ior -w -k -e -t 4m -b 512m -o f", "${measured}"]\n`);
      const options = ["-q", "--durability", "device", "--servers-per-node", 1, "--storage", storage, "--out", out];
      try {
        await mpirun(2, [process.execPath, root, "run", ...options, "--config", config]);
      } finally {
        rmSync(storage, { recursive: true, force: true });
      }
      const rows = parse(readFileSync(join(out, "results.csv")), { columns: true });
      const perSecond = (phase) => Number(rows.findLast((row) => row.phase === phase).iops);
      return { write: perSecond("write") * scale, read: perSecond("read") * scale };
    },
    async anchor() {
      const path = await laidOutFile(folder);
      const run = (pattern) =>
        fio(path, { pattern: (random ? "rand" : "") + pattern, blockBytes, depth, direct: 1 }, seconds);
      return { write: (await run("write")).perSecond * scale, read: (await run("read")).perSecond * scale };
    },
  };
}
