import { GlibcRandom } from "./glibc-random.ts";
import type { IorParams } from "./ior-params.ts";

export type Geometry = Pick<
  IorParams,
  "blockBytes" | "transferBytes" | "segments" | "filePerProcess" | "randomOffset" | "randomOffsetSeed"
>;

/** Where one task's operations go: IOR's order, segments outside and transfers of a segment inside. */
export class Accesses {
  /** Operations of the task; more than these begin again with the first. */
  readonly count: number;
  readonly #transferBytes: number;
  readonly #perSegment: number;
  readonly #firstOffset: number;
  readonly #segmentStride: number;
  /** With -z: the transfers of a segment in their order; in a shared file they may be anywhere in the segment. */
  readonly #order: Uint32Array | undefined;
  /** With -z -z: where each segment's block begins in the file. */
  readonly #blockOffsets: Float64Array | undefined;

  /** @param task The task whose data it is: the client itself, or the one whose data it reads back. */
  constructor(geometry: Geometry, task: number, tasks: number) {
    const { blockBytes, transferBytes, segments, filePerProcess, randomOffset } = geometry;
    this.#transferBytes = transferBytes;
    this.#firstOffset = filePerProcess ? 0 : task * blockBytes;
    this.#segmentStride = filePerProcess ? blockBytes : tasks * blockBytes;
    if (randomOffset === 1) {
      this.#order = filePerProcess ? shuffledBlock(geometry, task) : dealtTransfers(geometry, task, tasks);
      this.#firstOffset = 0;
    }
    if (randomOffset === 2) this.#blockOffsets = randomBlocks(geometry, task, tasks);
    this.#perSegment = this.#order?.length ?? blockBytes / transferBytes;
    this.count = this.#perSegment * segments;
  }

  /** File offset of operation `index`, for a task that has any. */
  offset(index: number): number {
    const inFile = index % this.count;
    const segment = Math.floor(inFile / this.#perSegment);
    const inSegment = inFile - segment * this.#perSegment;
    if (this.#blockOffsets !== undefined) return this.#blockOffsets[segment]! + inSegment * this.#transferBytes;
    const transfer = this.#order === undefined ? inSegment : this.#order[inSegment]!;
    return this.#firstOffset + segment * this.#segmentStride + transfer * this.#transferBytes;
  }
}

/** -z -F: all transfers of the task's block, shuffled as IOR does for this seed. */
function shuffledBlock({ blockBytes, transferBytes, randomOffsetSeed }: Geometry, task: number): Uint32Array {
  const order = Uint32Array.from({ length: blockBytes / transferBytes }, (_, transfer) => transfer);
  return shuffle(order, new GlibcRandom(randomOffsetSeed + task));
}

/**
 * -z in a shared file: chance deals each transfer of a segment to one of the tasks, so they have different numbers of
 * them; every task throws the same dice.
 */
function dealtTransfers(geometry: Geometry, task: number, tasks: number): Uint32Array {
  const { blockBytes, transferBytes, randomOffsetSeed } = geometry;
  const random = new GlibcRandom(randomOffsetSeed);
  const own: number[] = [];
  const transfers = (blockBytes / transferBytes) * tasks;
  for (let transfer = 0; transfer < transfers; transfer++) if (random.next() % tasks === task) own.push(transfer);
  return shuffle(Uint32Array.from(own), random);
}

/** IOR's shuffle: each place in turn swaps with any place. */
function shuffle(order: Uint32Array, random: GlibcRandom): Uint32Array {
  for (let place = 0; place < order.length; place++) {
    const other = random.next() % order.length;
    const moved = order[other]!;
    order[other] = order[place]!;
    order[place] = moved;
  }
  return order;
}

/**
 * -z -z: a block of the file for each segment. Task 0, and with -F each task, begins with the last block, so that the
 * file has its full size from the start.
 */
function randomBlocks(geometry: Geometry, task: number, tasks: number): Float64Array {
  const { blockBytes, segments, filePerProcess, randomOffsetSeed } = geometry;
  const blocks = filePerProcess ? segments : segments * tasks;
  const random = new GlibcRandom(randomOffsetSeed + task);
  const offsets = Float64Array.from({ length: segments }, () => (random.next() % blocks) * blockBytes);
  if (filePerProcess || task === 0) offsets[0] = (blocks - 1) * blockBytes;
  return offsets;
}

/**
 * IOR's name of the file that holds a task's data: the shared file as it is given, a task's file with its number in
 * eight digits, in a directory with its number with -u, and the number of the iteration at the end with -m.
 */
export function iorPath(params: IorParams, task: number, iteration: number): string {
  const { testFiles, filePerProcess, uniqueDirectory, multiFile } = params;
  const suffix = multiFile ? `.${iteration}` : "";
  if (!filePerProcess) return `${testFiles[0]}${suffix}`;
  const path = testFiles[task % testFiles.length]!;
  const slash = path.lastIndexOf("/");
  const root = uniqueDirectory ? `${path.slice(0, slash)}/${task}${path.slice(slash)}` : path;
  return `${root}.${String(task).padStart(8, "0")}${suffix}`;
}
