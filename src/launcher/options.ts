import type { OptionSpec } from "../core/options.ts";
import { KiB, MiB } from "../core/units.ts";
import { formatNames } from "../report/format-names.ts";

const job = "Job";
const binding = "Cores and NUMA nodes";
const storage = "Storage";
const memory = "Memory and requests";
const loop = "Event loop";

/**
 * Every option of `run`, in the order of the help. The parser, the help, the environment variables, the keys of the
 * configuration file and docs/configuration.md are all made from these rows.
 */
export const jobOptions = [
  {
    name: "ranks",
    letter: "n",
    type: "integer",
    min: 2,
    max: 1_000_000,
    about:
      "Ranks to start when no mpirun or srun is around; without it 4. Under a launcher, the launcher's count holds.",
    group: job,
  },
  {
    name: "servers-per-node",
    type: "integer",
    min: 1,
    max: 1024,
    about: "Servers on each node, its first ranks; without it half of the node's ranks, at least one.",
    group: job,
  },
  {
    name: "clients-per-node",
    type: "integer",
    min: 0,
    max: 65_536,
    about: "Clients on each node, its last ranks; all others serve. With --servers-per-node both must add up.",
    group: job,
  },
  {
    name: "clients-per-server",
    type: "integer",
    min: 1,
    max: 65_536,
    about: "On each node one server for every N clients, at least one; what is left over are clients.",
    group: job,
  },
  {
    name: "dedicated-servers",
    type: "integer",
    min: 1,
    max: 8192,
    about: "All ranks of the first N nodes are servers, all others are clients.",
    group: job,
  },
  {
    name: "rank-map",
    type: "string",
    about:
      "CSV file that says who serves and runs where, as rankmap.csv of a run or node . plan --print csv: rank and " +
      "role are needed; host, cpus and, with --storage, storage_path count where there are any.",
    group: job,
  },
  {
    name: "bind",
    type: "choice",
    choices: ["auto", "none"],
    default: "auto",
    about: "Bind each rank and its memory to one core and its NUMA node, or leave that to the launcher.",
    group: binding,
  },
  {
    name: "order",
    type: "choice",
    choices: ["spread", "cyclic", "block"],
    default: "spread",
    about:
      "How a node's ranks are dealt to its NUMA nodes: servers and clients each evenly over all, neighbours in turn " +
      "on the next one, or one NUMA node full after the other.",
    group: binding,
  },
  {
    name: "near",
    type: "choice",
    choices: ["storage", "nic", "none"],
    default: "storage",
    about: "Whose NUMA node a server is bound to while it has free cores: that of its storage device, or of a NIC.",
    group: binding,
  },
  {
    name: "smt",
    type: "choice",
    choices: ["together", "idle", "split"],
    default: "together",
    about:
      "The hardware threads of a core: all belong to the rank on it, the rank has one and the others stay idle, or " +
      "each takes a rank once every core has one.",
    group: binding,
  },
  {
    name: "system-cores",
    type: "integer",
    min: 0,
    max: 1024,
    default: 0,
    about: "Cores of each node that no rank is bound to, its first ones: for interrupts and daemons.",
    group: binding,
  },
  {
    name: "out",
    letter: "o",
    type: "string",
    about: "Folder of the results; without it results/<run id>.",
    group: job,
  },
  {
    name: "config",
    letter: "c",
    type: "string",
    about: 'TOML file with any of these options as keys, and workloads = ["ior -w", …].',
    group: job,
  },
  {
    name: "format",
    type: "choice",
    choices: formatNames,
    about:
      "A further file of results in the layout of another tool, for programs that read that: ior.csv as IOR prints " +
      "with summaryFormat=CSV, ior.json as with JSON, or elbencho.csv as of its --csvfile.",
    group: job,
  },
  {
    name: "timeline",
    type: "boolean",
    default: false,
    about: "Write timeline.csv too: bytes and operations of each client in each second, and operations in flight.",
    group: job,
  },
  {
    name: "quiet",
    letter: "q",
    type: "boolean",
    default: false,
    about: "No progress and no table on the screen, only errors.",
    group: job,
  },
  {
    name: "target",
    type: "string",
    default: "benchfs",
    about: "What the workloads run on: benchfs, or posix:/path for a plain directory, as the baseline.",
    group: storage,
  },
  {
    name: "storage",
    letter: "s",
    type: "string",
    about:
      "Node-local path for the servers' data, several with commas are dealt to the servers of a node; " +
      "without it benchfs-<user>-<job> in $TMPDIR or /tmp.",
    group: storage,
  },
  {
    name: "durability",
    letter: "d",
    type: "choice",
    choices: ["memory", "pagecache", "device"],
    default: "pagecache",
    about:
      "What an acknowledged close or sync means: kept in memory, written but not flushed, or flushed to the device.",
    group: storage,
  },
  {
    name: "keep",
    letter: "k",
    type: "boolean",
    default: false,
    about: "Keep what the servers stored when the run ends.",
    group: storage,
  },
  {
    name: "chunk-buffers",
    type: "integer",
    min: 2,
    max: 240,
    default: 16,
    about: "Buffers of 4 MiB of each server, locked in memory.",
    group: memory,
  },
  {
    name: "client-buffers",
    type: "size",
    min: 64 * KiB,
    max: 64 * 1024 * MiB,
    default: 64 * MiB,
    about: "Payload memory of each client, locked in memory.",
    group: memory,
  },
  {
    name: "window",
    type: "integer",
    min: 1,
    max: 1024,
    default: 8,
    about: "Requests in flight of a client for one file operation.",
    group: memory,
  },
  {
    name: "rpc-timeout",
    type: "number",
    min: 0.1,
    max: 86_400,
    default: 60,
    about: "Seconds after which an unanswered request fails with ETIMEDOUT.",
    group: memory,
  },
  {
    name: "spin-us",
    type: "integer",
    min: 0,
    max: 1_000_000,
    choices: ["auto"],
    default: "auto",
    about: "Microseconds that an idle rank polls before it yields its core.",
    group: loop,
  },
  {
    name: "yield-us",
    type: "integer",
    min: 0,
    max: 1_000_000,
    choices: ["auto"],
    default: "auto",
    about: "Microseconds that it polls and yields before it sleeps.",
    group: loop,
  },
  {
    name: "slice-us",
    type: "integer",
    min: 1,
    max: 100_000,
    choices: ["auto"],
    default: "auto",
    about: "Microseconds of work after which timers and signals get their turn.",
    group: loop,
  },
] as const satisfies readonly OptionSpec[];

export type JobOption = (typeof jobOptions)[number]["name"];

/** `BENCHFS_SERVERS_PER_NODE` of "servers-per-node". */
export function environmentName(option: string): string {
  return `BENCHFS_${option.replaceAll("-", "_").toUpperCase()}`;
}
