import { constants } from "node:fs";
import { expect } from "vitest";
import { type FileHandle, type FileStat, type FileSystem, FileSystemError } from "../src/client/file-system.ts";
import { type Step, stepBytesMax } from "./model-operations.ts";

/** A client, the memory that its transfers use, within its arena and outside of it, and that of the model. */
export interface ModelClient {
  readonly fs: FileSystem;
  readonly arena: Uint8Array;
  readonly heap: Uint8Array;
  readonly modelHeap: Uint8Array;
}

export function modelClient(fs: FileSystem): ModelClient {
  const heap = new Uint8Array(stepBytesMax);
  return { fs, arena: fs.allocate(stepBytesMax), heap, modelHeap: new Uint8Array(stepBytesMax) };
}

/** A file opened in both systems. */
interface OpenPair {
  readonly path: string;
  readonly client: ModelClient;
  readonly tested: FileHandle;
  readonly model: FileHandle;
  /** Written since its last sync, so that others need not see the size yet. */
  unpublished: boolean;
}

/** What a step answered: a value that both systems must agree on, or the code of its error. */
type Outcome = { readonly value: unknown } | { readonly code: string };

/** Data to write: every step takes it from another place. */
const source = new Uint8Array(2 * stepBytesMax);
for (let i = 0, state = 1; i < source.length; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  source[i] = state >>> 24;
}

/**
 * Runs a program against BenchFS, from several clients, and against a plain directory, and compares every answer.
 * Where the two differ by design (docs/semantics.md) the program is bent: before a size matters, writers sync; an
 * open name is neither removed nor truncated.
 * @param folder Directory, in both systems, in which the program's paths are: "" for the root.
 * @returns Steps that were carried out.
 */
export async function runModel(
  steps: readonly Step[],
  clients: readonly ModelClient[],
  model: FileSystem,
  folder = "",
): Promise<number> {
  const open: OpenPair[] = [];
  let done = 0;
  for (const [index, step] of steps.entries()) {
    const compared =
      "path" in step ? await runOnName(step, clients, model, folder, open) : await runOnHandle(step, index, open);
    if (compared === undefined) continue;
    expect(compared.tested, `step ${index}: ${JSON.stringify(step)}`).toEqual(compared.model);
    done++;
  }
  for (const { tested, model: file } of open) await Promise.all([tested.close(), file.close()]);
  return done;
}

async function runOnName(
  step: Extract<Step, { path: string }>,
  clients: readonly ModelClient[],
  model: FileSystem,
  folder: string,
  open: OpenPair[],
): Promise<{ tested: Outcome; model: Outcome } | undefined> {
  const client = clients[step.client % clients.length]!;
  const path = step.path === "/" && folder !== "" ? folder : folder + step.path;
  const isOpen = open.some((pair) => pair.path === path);
  if (isOpen && (step.do === "unlink" || step.do === "rmdir")) return undefined;
  if (isOpen && step.do === "open" && (step.flags & constants.O_TRUNC) !== 0) return undefined;
  await publish(open, path);
  if (step.do === "open") {
    const [tested, file] = await Promise.all([
      attempt(() => client.fs.open(path, step.flags, step.mode)),
      attempt(() => model.open(path, step.flags, step.mode)),
    ]);
    if (!("value" in tested) || !("value" in file))
      return { tested: withoutHandle(tested), model: withoutHandle(file) };
    open.push({ path, client, tested: tested.value, model: file.value, unpublished: false });
    return { tested: { value: "open" }, model: { value: "open" } };
  }
  const run = (fs: FileSystem): Promise<unknown> => {
    if (step.do === "stat") return fs.stat(path).then(comparableStat);
    if (step.do === "readdir")
      return fs.readdir(path).then((entries) => entries.map((e) => `${e.kind} ${e.name}`).sort());
    return fs[step.do](path);
  };
  return { tested: await attempt(() => run(client.fs)), model: await attempt(() => run(model)) };
}

async function runOnHandle(
  step: Extract<Step, { handle: number }>,
  index: number,
  open: OpenPair[],
): Promise<{ tested: Outcome; model: Outcome } | undefined> {
  if (open.length === 0) return undefined;
  const slot = step.handle % open.length;
  const pair = open[slot]!;
  if (step.do !== "write" && step.do !== "close") await publish(open, pair.path, pair);
  switch (step.do) {
    case "write": {
      const memory = (step.inArena ? pair.client.arena : pair.client.heap).subarray(0, step.bytes);
      const from = (index * 7919) % stepBytesMax;
      memory.set(source.subarray(from, from + step.bytes));
      const tested = await attempt(() => pair.tested.write(memory, 0, step.bytes, step.position));
      const model = await attempt(() => pair.model.write(source, from, step.bytes, step.position));
      if ("value" in tested) pair.unpublished = true;
      return { tested, model };
    }
    case "read": {
      const memory = (step.inArena ? pair.client.arena : pair.client.heap).subarray(0, step.bytes).fill(0x5a);
      const modelMemory = pair.client.modelHeap.subarray(0, step.bytes).fill(0x5a);
      const tested = await attempt(() => pair.tested.read(memory, 0, step.bytes, step.position));
      const model = await attempt(() => pair.model.read(modelMemory, 0, step.bytes, step.position));
      const right = Buffer.compare(memory, modelMemory) === 0;
      return { tested: withBytes(tested, right), model: withBytes(model, true) };
    }
    case "fstat":
      return {
        tested: await attempt(() => pair.tested.stat().then(comparableStat)),
        model: await attempt(() => pair.model.stat().then(comparableStat)),
      };
    case "sync":
      pair.unpublished = false;
      return { tested: await attempt(() => pair.tested.sync()), model: await attempt(() => pair.model.sync()) };
    case "close":
      open.splice(slot, 1);
      return { tested: await attempt(() => pair.tested.close()), model: await attempt(() => pair.model.close()) };
  }
}

/** Syncs the handles of a file, but `except`, that have written. */
async function publish(open: readonly OpenPair[], path: string, except?: OpenPair): Promise<void> {
  for (const pair of open) {
    if (!pair.unpublished || pair === except || pair.path !== path) continue;
    await pair.tested.sync();
    pair.unpublished = false;
  }
}

async function attempt<T>(run: () => Promise<T>): Promise<{ value: T } | { code: string }> {
  try {
    return { value: await run() };
  } catch (error) {
    if (error instanceof FileSystemError) return { code: error.code };
    throw error;
  }
}

function withBytes(outcome: Outcome, right: boolean): Outcome {
  return "code" in outcome ? outcome : { value: { answer: outcome.value, right } };
}

function withoutHandle(outcome: { value: FileHandle } | { code: string }): Outcome {
  return "code" in outcome ? outcome : { value: "open" };
}

/** What the two systems must agree on; a directory's size and mode are each system's own. */
function comparableStat({ kind, size, mode }: FileStat): object {
  return kind === "file" ? { kind, size, mode } : { kind };
}
