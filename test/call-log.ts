import type { FileSystem } from "../src/client/file-system.ts";
import type { WorkloadContext, WorkloadDefinition } from "../src/workload/workload.ts";
import { runWorkload, type WorkloadRun, wrapFileSystem } from "./run-workload.ts";

/**
 * Writes down what each client of a workload asks of its file system in each phase: paths as they are opened, offsets
 * as they are read and written, "sync", "stat", "unlink", "rmdir", "mkdir" and "rename" with their paths. What comes
 * before the barrier of a phase, to clear its way, is left out.
 */
export class CallLog {
  /** [phase and iteration, a line for each client]. */
  readonly phases: [string, string[]][] = [];
  readonly #fs: FileSystem;
  readonly #hosts: readonly string[];
  #words: string[][];

  constructor(fs: FileSystem, hosts: readonly string[]) {
    this.#fs = fs;
    this.#hosts = hosts;
    this.#words = hosts.map(() => []);
  }

  run<Params>(workload: WorkloadDefinition<Params>, command: string): Promise<WorkloadRun> {
    const clients = this.#hosts.length;
    const adapt = (context: WorkloadContext) => this.#watch(context);
    return runWorkload(workload, command, { fs: this.#fs, clients, hosts: this.#hosts, adapt });
  }

  #watch(context: WorkloadContext): WorkloadContext {
    const { group } = context;
    const log = (...words: (string | number)[]) => this.#words[group.index]!.push(...words.map(String));
    const fs = wrapFileSystem(
      this.#fs,
      (file, path) => {
        log(path);
        return {
          read(buffer, offset, length, position) {
            log(position);
            return file.read(buffer, offset, length, position);
          },
          write(buffer, offset, length, position) {
            log(position);
            return file.write(buffer, offset, length, position);
          },
          sync() {
            log("sync");
            return file.sync();
          },
        };
      },
      Object.fromEntries(
        (["stat", "unlink", "mkdir", "rmdir"] as const).map((call) => [
          call,
          (path: string) => {
            log(call, path);
            return this.#fs[call](path);
          },
        ]),
      ),
    );
    return {
      ...context,
      fs,
      group: {
        index: group.index,
        size: group.size,
        gather: (bytes) => group.gather(bytes),
        broadcast: (bytes) => group.broadcast(bytes),
        barrier: () => {
          // The first barrier of a phase starts it; those within it find it begun.
          if (!this.#isBegun[group.index]) this.#words[group.index] = [];
          this.#isBegun[group.index] = true;
          return group.barrier();
        },
      },
      record: (result, ...rest) => {
        // All clients have sent their figures, and none has begun what follows.
        this.phases.push([`${result.phase} ${result.iteration}`, this.#words.map((words) => words.join(" "))]);
        this.#words = this.#hosts.map(() => []);
        this.#isBegun = [];
        context.record(result, ...rest);
      },
    };
  }

  #isBegun: boolean[] = [];
}
