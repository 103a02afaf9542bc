import type { IorParams } from "./ior-options.ts";

type Geometry = Pick<
  IorParams,
  "blockBytes" | "transferBytes" | "segments" | "filePerProcess" | "testFile" | "randomOffset" | "signature"
>;

/** Where one task's operations go: IOR's order, segments outside and transfers of a block inside. */
export class Accesses {
  readonly path: string;
  /** Operations of the task. */
  readonly count: number;
  readonly #transferBytes: number;
  readonly #transfersPerBlock: number;
  readonly #firstOffset: number;
  readonly #segmentStride: number;
  readonly #order: Uint32Array | undefined;

  /** @param task The task whose data it is: the client itself, or the one whose data it reads back. */
  constructor(params: Geometry, task: number, tasks: number) {
    const { blockBytes, transferBytes, segments, filePerProcess } = params;
    this.path = iorPath(params, task);
    this.#transferBytes = transferBytes;
    this.#transfersPerBlock = blockBytes / transferBytes;
    this.count = this.#transfersPerBlock * segments;
    this.#firstOffset = filePerProcess ? 0 : task * blockBytes;
    this.#segmentStride = filePerProcess ? blockBytes : tasks * blockBytes;
    if (params.randomOffset) this.#order = shuffled(this.#transfersPerBlock, params.signature * 8192 + task);
  }

  /** File offset of operation `index`, 0 to count - 1. */
  offset(index: number): number {
    const segment = Math.floor(index / this.#transfersPerBlock);
    const inBlock = index - segment * this.#transfersPerBlock;
    const transfer = this.#order === undefined ? inBlock : this.#order[inBlock]!;
    return this.#firstOffset + segment * this.#segmentStride + transfer * this.#transferBytes;
  }
}

/** IOR's file names: the shared file as it is given, a task's file with its number in eight digits. */
export function iorPath({ testFile, filePerProcess }: Geometry, task: number): string {
  return filePerProcess ? `${testFile}.${String(task).padStart(8, "0")}` : testFile;
}

/** 0 to count - 1 in an order that depends on `seed` only (Fisher-Yates over mulberry32). */
function shuffled(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = seed | 0;
  for (let last = count - 1; last > 0; last--) {
    state = (state + 0x6d2b79f5) | 0;
    let random = Math.imul(state ^ (state >>> 15), state | 1);
    random ^= random + Math.imul(random ^ (random >>> 7), random | 61);
    const other = Math.floor((((random ^ (random >>> 14)) >>> 0) / 2 ** 32) * (last + 1));
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}
