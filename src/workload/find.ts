import type { DirectoryEntry, FileSystem } from "../client/file-system.ts";
import { BenchError } from "../core/errors.ts";
import type { Group } from "../rpc/group.ts";
import type { PhaseWork } from "./phase.ts";

/** Stats that one client has in flight. */
const statsInFlight = 16;

/** Files that are wanted: `find DIRECTORY -newer FILE -size BYTESc -name "*TEXT*"`. */
export interface FindQuery {
  readonly directory: string;
  /** A path; wanted files were modified after it was. */
  readonly newerThan: string;
  readonly bytes: number;
  readonly nameContains: string;
  /** Files that this client knows to be wanted, for example since it made them; the sums over all clients are compared. */
  readonly expected: number;
}

/** One part of one directory: what a client lists at a time. */
interface Task {
  readonly directory: string;
  readonly part: number;
}

/**
 * Searches a tree level by level: the parts of all directories of a level are dealt to the clients, each client stats
 * the candidates that it lists, and all exchange the directories that they met. An operation is a page of entries or
 * one such exchange, one at a time; items are the entries looked at.
 */
export class Find implements PhaseWork {
  readonly operations = Number.MAX_SAFE_INTEGER;
  readonly #fs: FileSystem;
  readonly #group: Group;
  readonly #query: FindQuery;
  #tasks: Task[];
  #pages: { readonly directory: string; readonly iterator: AsyncIterator<DirectoryEntry[]> } | undefined;
  /** Directories of the next level that this client has met. */
  #met: string[] = [];
  /** Nothing is newer until the file has been asked for. */
  #newerThanMs = Number.POSITIVE_INFINITY;
  #done = false;
  #looked = 0;
  #found = 0;

  constructor(fs: FileSystem, group: Group, query: FindQuery) {
    this.#fs = fs;
    this.#group = group;
    this.#query = query;
    this.#tasks = this.#deal([query.directory]);
  }

  isDone(): boolean {
    return this.#done;
  }

  items(): number {
    return this.#looked;
  }

  /** Not in `open`: a client whose `open` failed would be missing when the others exchange directories. */
  async setUp(): Promise<void> {
    this.#newerThanMs = (await this.#fs.stat(this.#query.newerThan)).mtimeMs;
  }

  async operate(): Promise<number> {
    const page = await this.#nextPage();
    if (page === undefined) await this.#nextLevel();
    else await this.#look(page.directory, page.entries);
    return 0;
  }

  /** All compare what was found with what was to be found. */
  async cleanUp(): Promise<void> {
    const { expected, directory } = this.#query;
    const all = await this.#group.gather(Buffer.from(JSON.stringify([this.#found, expected])));
    if (all === undefined) return;
    const pairs = all.map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as [number, number]);
    const total = (which: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[which], 0);
    if (total(0) === total(1) && total(0) > 0) return;
    throw new BenchError("ERR_WORKLOAD", `find matched ${total(0)} of ${total(1)} files in ${directory}`);
  }

  #deal(directories: readonly string[]): Task[] {
    const parts = Array.from({ length: this.#fs.directoryParts }, (_, part) => part);
    const all = directories.flatMap((directory) => parts.map((part) => ({ directory, part })));
    return all.filter((_, index) => index % this.#group.size === this.#group.index);
  }

  /** The next page of this client's tasks; undefined when there is none left on this level. */
  async #nextPage(): Promise<{ directory: string; entries: DirectoryEntry[] } | undefined> {
    for (;;) {
      if (this.#pages === undefined) {
        const task = this.#tasks.shift();
        if (task === undefined) return undefined;
        const { directory, part } = task;
        this.#pages = { directory, iterator: this.#fs.readdirPart(directory, part)[Symbol.asyncIterator]() };
      }
      const { directory, iterator } = this.#pages;
      // Until it has answered: a listing that fails is not asked again.
      this.#pages = undefined;
      const { done, value } = await iterator.next();
      if (done === true) continue;
      this.#pages = { directory, iterator };
      return { directory, entries: value };
    }
  }

  /** Every client comes here once per level, whatever failed before. */
  async #nextLevel(): Promise<void> {
    const met = await this.#group.gather(Buffer.from(JSON.stringify(this.#met)));
    const merged = met?.flatMap((bytes) => JSON.parse(Buffer.from(bytes).toString()) as string[]).sort();
    const answer = await this.#group.broadcast(merged && Buffer.from(JSON.stringify(merged)));
    const directories: string[] = JSON.parse(Buffer.from(answer).toString());
    this.#met = [];
    this.#tasks = this.#deal(directories);
    this.#done = directories.length === 0;
  }

  async #look(directory: string, entries: readonly DirectoryEntry[]): Promise<void> {
    this.#looked += entries.length;
    const candidates: string[] = [];
    for (const { name, kind } of entries) {
      const path = `${directory}/${name}`;
      if (kind === "directory") this.#met.push(path);
      else if (name.includes(this.#query.nameContains)) candidates.push(path);
    }
    let next = 0;
    const lane = async () => {
      while (next < candidates.length) await this.#judge(candidates[next++]!);
    };
    const lanes = Array.from({ length: Math.min(statsInFlight, candidates.length) }, lane);
    const failed = (await Promise.allSettled(lanes)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #judge(path: string): Promise<void> {
    const { size, mtimeMs } = await this.#fs.stat(path);
    if (size === this.#query.bytes && mtimeMs > this.#newerThanMs) this.#found++;
  }
}
