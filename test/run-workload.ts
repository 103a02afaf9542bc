import type { FileHandle, FileSystem } from "../src/client/file-system.ts";
import type { RankResult } from "../src/report/figures.ts";
import type { PhaseResult } from "../src/report/results.ts";
import type { SuiteScore } from "../src/report/suite-score.ts";
import type { WorkloadContext, WorkloadDefinition } from "../src/workload/workload.ts";
import { LocalGroup } from "./local-group.ts";

export interface WorkloadRun {
  /** Rows that member 0 recorded, in order. */
  readonly rows: PhaseResult[];
  readonly ranks: (readonly RankResult[])[];
  readonly scores: SuiteScore[];
  /** How each client's run ended. */
  readonly outcomes: PromiseSettledResult<void>[];
}

export interface RunOptions {
  readonly fs: FileSystem;
  readonly clients: number;
  /** Host of each client; default: all on one. */
  readonly hosts?: readonly string[];
  /** Changes the context of one client, for example what it sees of the file system. */
  readonly adapt?: (context: WorkloadContext, group: LocalGroup) => WorkloadContext;
}

/** Runs a workload on clients within this process; resolves when all have ended. */
export async function runWorkload<Params>(
  workload: WorkloadDefinition<Params>,
  command: string,
  options: RunOptions,
): Promise<WorkloadRun> {
  const { fs, clients, hosts = new Array<string>(clients).fill("h0"), adapt = (context) => context } = options;
  const params = JSON.parse(JSON.stringify(workload.parse(command.split(" ").filter((word) => word !== ""))));
  const group = new LocalGroup(clients);
  const run: WorkloadRun = { rows: [], ranks: [], scores: [], outcomes: [] };
  const contexts = group.members.map((member) =>
    adapt(
      {
        fs: withOwnMemory(fs),
        probe: undefined,
        group: member,
        hostOfClient: hosts,
        interrupted: () => undefined,
        durability: "device",
        readServers: async () => [],
        score(score) {
          if (member.index !== 0) throw new Error("only member 0 scores");
          run.scores.push(score);
        },
        record(result, ranks) {
          if (member.index !== 0) throw new Error("only member 0 records");
          run.rows.push(result);
          run.ranks.push(ranks);
        },
        progress() {
          if (member.index !== 0) throw new Error("only member 0 shows progress");
        },
      },
      group,
    ),
  );
  const runs = contexts.map(async (context) => {
    try {
      await workload.run(context, params);
    } catch (error) {
      // Its process ends, which the others notice.
      group.kill(context.group.index);
      throw error;
    }
  });
  run.outcomes.push(...(await Promise.allSettled(runs)));
  return run;
}

/** Clients are processes: each has payload memory of its own, although here they share one file system object. */
function withOwnMemory(fs: FileSystem): FileSystem {
  return wrapFileSystem(fs, () => ({}));
}

/** The same file system, with some methods of its handles, and of itself, replaced. */
export function wrapFileSystem(
  fs: FileSystem,
  replaceInFile: (file: FileHandle, path: string) => Partial<FileHandle>,
  replaced: Partial<FileSystem> = {},
): FileSystem {
  return {
    name: fs.name,
    async open(path, flags, mode) {
      const file = await fs.open(path, flags, mode);
      return {
        read: file.read.bind(file),
        write: file.write.bind(file),
        sync: file.sync.bind(file),
        stat: file.stat.bind(file),
        close: file.close.bind(file),
        ...replaceInFile(file, path),
      };
    },
    stat: (path) => fs.stat(path),
    unlink: (path) => fs.unlink(path),
    mkdir: (path, mode) => fs.mkdir(path, mode),
    rmdir: (path) => fs.rmdir(path),
    readdir: (path) => fs.readdir(path),
    directoryParts: fs.directoryParts,
    readdirPart: (path, part) => fs.readdirPart(path, part),
    allocate: (bytes) => fs.allocate(bytes),
    ...replaced,
  };
}
