// npm run bench:native: the packages of native/ and the RPC layer beside the C tools of the field, in one run.
import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { allGroups } from "./groups.mjs";
import { machine } from "./machine.mjs";
import { median, requireTools } from "./programs.mjs";

const options = yargs(hideBin(process.argv))
  .scriptName("npm run bench:native --")
  .usage(
    "$0 [options]\n\nMeasures ucx-node, napi-io-uring, node-mpi and the RPC layer, each row beside a C program or tool in " +
      "the same run: ours, the anchor, ours, ... in turn; medians over rounds and the ratio of the medians. It wants a " +
      "machine with two idle cores.\nExit status: 0 all rows were measured, 1 some were not; a missed goal is no failure.",
  )
  .option("rows", { type: "string", requiresArg: true, describe: "Only groups whose name contains this, e.g. tcp" })
  .option("rounds", { type: "number", requiresArg: true, default: 3, describe: "Rounds of both sides" })
  .option("folder", {
    type: "string",
    requiresArg: true,
    default: ".",
    describe: "Where the device rows have their files, 1.5 GiB; not a tmpfs",
  })
  .option("json", { type: "string", requiresArg: true, describe: "File for machine and rows as JSON" })
  .check(({ rounds }) => (Number.isInteger(rounds) && rounds > 0) || "--rounds must be a whole number of at least 1")
  .strict()
  .version(false)
  .parseSync();

const all = allGroups(options.folder);
const chosen = all.filter(({ name }) => name.includes(options.rows ?? ""));
if (chosen.length === 0)
  fail(2, `--rows ${options.rows}: none. There are:\n  ${all.map(({ name }) => name).join("\n  ")}`);
try {
  requireTools([...new Set(chosen.flatMap(({ tools }) => tools))]);
} catch (error) {
  fail(3, error.message);
}

const about = machine();
for (const [what, value] of Object.entries(about)) console.log(`${what}: ${value}`);
const results = [];
let failed = false;
for (const group of chosen) {
  process.stderr.write(`${group.name} ...\n`);
  try {
    results.push(...(await measure(group)));
  } catch (error) {
    failed = true;
    console.error(`${group.name}: not measured: ${error.message}`);
  }
}
print(results);
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine: about, rounds: options.rounds, rows: results }, null, 2)}\n`,
  );
}
process.exitCode = failed ? 1 : 0;

function fail(status, message) {
  console.error(message);
  process.exit(status);
}

/** Whoever comes second finds the machine as the first left it: they take turns. */
async function measure(group) {
  const figures = { ours: [], anchor: [] };
  for (let round = 0; round < options.rounds; round++) {
    for (const side of round % 2 === 0 ? ["ours", "anchor"] : ["anchor", "ours"]) {
      figures[side].push(await group[side]());
    }
  }
  return Object.entries(group.rows).map(([key, { what, unit, goal }]) => {
    const of = (side) => median(figures[side].map((figure) => figure[key]));
    const [ours, anchor] = [of("ours"), of("anchor")];
    const ratio = ours / anchor;
    const met = goal.atLeast ? ratio >= goal.ratio : ratio <= goal.ratio;
    return { what, ours, anchor, unit, ratio, goal: `${goal.atLeast ? ">=" : "<="} ${goal.ratio}`, met };
  });
}

function print(rows) {
  const table = new Table({
    head: ["what", "ours", "anchor", "unit", "ratio", "goal", "met"],
    colAligns: ["left", "right", "right", "left", "right", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  const short = (value) => (Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3));
  for (const { what, ours, anchor, unit, ratio, goal, met } of rows) {
    table.push([what, short(ours), short(anchor), unit, ratio.toFixed(2), goal, met ? "yes" : "no"]);
  }
  console.log(table.toString());
}
