import { createRequire } from "node:module";
import type Table from "cli-table3";
import type * as csv from "csv-stringify/sync";
import { formatSize, MiB } from "../core/units.ts";
import { rankMapColumns, showRankMap } from "../rankmap/show.ts";
import { imbalance, type ServerForecast } from "./forecast.ts";
import { mebibytes } from "./host-limits.ts";
import type { Plan } from "./plan-job.ts";

export type PlanFormat = "table" | "csv" | "json";

/** A plan as text, with a newline at its end. */
export function showPlan(plan: Plan, format: PlanFormat): string {
  if (format === "json") return `${JSON.stringify(plan, null, 2)}\n`;
  if (format === "csv") return rankMapCsv(plan);
  return `${[showMap(plan), showNeeds(plan), showForecast(plan)].join("\n\n")}\n`;
}

function rankMapCsv({ map }: Plan): string {
  const { stringify }: typeof csv = createRequire(import.meta.url)("csv-stringify/sync");
  const rows = map.places.map((place) => rankMapColumns.map(({ value }) => value(place)));
  return stringify([rankMapColumns.map(({ name }) => name), ...rows]);
}

function showMap({ map, rankMapHash }: Plan): string {
  const hosts = `${map.hosts.length} node${map.hosts.length === 1 ? "" : "s"}`;
  const head = `${map.servers.length} servers and ${map.clients.length} clients on ${hosts}, rank map ${rankMapHash}`;
  return `${head}\n${showRankMap(map)}`;
}

function showNeeds({ launch, memory, addresses, endpoints }: Plan): string {
  const each = `${mebibytes(memory.serverBytes)} for each server, ${mebibytes(memory.clientBytes)} for each client`;
  const bytes = addresses.ranks * addresses.bytesEach;
  return [
    `Start:     ${launch.mpirun}`,
    `      or:  ${launch.srun}`,
    `Pinned:    ${each}; at most ${mebibytes(memory.hostBytes)} on a node, ${mebibytes(memory.hostSharedBytes)} of it in /dev/shm`,
    ...memory.problems.map((problem) => `           TOO MUCH: ${problem}`),
    `Addresses: ${addresses.ranks} of ${addresses.bytesEach} bytes (by this host's UCX), ${formatSize(bytes)} for each rank to receive`,
    `Endpoints: at most ${endpoints.server} in a server, ${endpoints.client} in a client`,
  ].join("\n");
}

const asMebibytes = (bytes: number): string => (bytes / MiB).toFixed(1);

const columns: readonly {
  readonly name: string;
  readonly key: keyof ServerForecast;
  readonly show: (value: number) => string;
}[] = [
  { name: "names", key: "entries", show: String },
  { name: "chunks", key: "chunks", show: String },
  { name: "MiB written", key: "bytesWritten", show: asMebibytes },
  { name: "MiB read", key: "bytesRead", show: asMebibytes },
  { name: "MiB stored at most", key: "bytesStored", show: asMebibytes },
  { name: "first requests", key: "firstWindow", show: String },
];

/** Up to this many servers each have a line of their own on the screen. */
const lineForEachServer = 32;

function showForecast({ forecast }: Plan): string {
  if (forecast === null) return "The workload runs on a plain directory: the servers have nothing to do.";
  const { servers, missing } = forecast;
  const notes = missing.map(({ workload, why }) => `Note: ${workload} is not in this table: ${why}`);
  const TableClass: typeof Table = createRequire(import.meta.url)("cli-table3");
  const table = new TableClass({
    head: ["server", ...columns.map(({ name }) => name)],
    style: { head: [], border: [], compact: true },
  });
  const line = (head: string, cell: (values: number[], show: (value: number) => string) => string) =>
    table.push([
      head,
      ...columns.map(({ key, show }) =>
        cell(
          servers.map((server) => server[key]),
          show,
        ),
      ),
    ]);
  if (servers.length <= lineForEachServer) {
    for (const i of servers.keys()) line(String(i), (values, show) => show(values[i]!));
  } else {
    line("least", (values, show) => show(values.reduce((a, b) => Math.min(a, b))));
    line("most", (values, show) => show(values.reduce((a, b) => Math.max(a, b))));
  }
  line("busiest over mean", (values) => percent(imbalance(values)));
  return ["What the workload brings to each server:", table.toString(), ...notes].join("\n");
}

function percent(value: number | undefined): string {
  return value === undefined ? "" : `+${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`;
}
