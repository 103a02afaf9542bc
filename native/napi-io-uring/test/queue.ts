import type { Ring } from "../index.js";

export interface Command {
  op: number;
  file?: number;
  buffer?: number;
  /** Word 3, also for what is not a length. */
  lengthBytes?: number;
  flags?: number;
  cookie?: number;
  sqeFlags?: number;
  fileOffset?: number;
  bufferOffset?: number;
  newDirectory?: number;
  argument?: number;
  secondArgument?: number;
}

export interface Completion {
  cookie: number;
  result: number;
}

/** The JavaScript side of a ring, one object per command: for tests, where clarity counts and speed does not. */
export class Queue {
  readonly ring: Ring;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;

  constructor(ring: Ring) {
    this.ring = ring;
    this.#words = new Int32Array(ring.rings);
    this.#doubles = new Float64Array(ring.rings);
  }

  /** Commands that can be written now. */
  get room(): number {
    return this.ring.commandSlots - ((this.#words[0] - this.#words[1]) | 0);
  }

  /** Writes all, then publishes them at once, so that chains stay whole. */
  write(...commands: Command[]): void {
    if (commands.length > this.room) throw new RangeError(`${commands.length} commands, room for ${this.room}`);
    commands.forEach((command, i) => {
      const slot = (this.#words[0] + i) & (this.ring.commandSlots - 1);
      const word = this.ring.commandOffset / 4 + slot * 16;
      this.#words.set(
        [
          command.op,
          command.file ?? 0,
          command.buffer ?? 0,
          command.lengthBytes ?? 0,
          command.flags ?? 0,
          command.cookie ?? i,
          command.sqeFlags ?? 0,
          command.newDirectory ?? 0,
        ],
        word,
      );
      this.#doubles.set(
        [command.fileOffset ?? 0, command.bufferOffset ?? 0, command.argument ?? 0, command.secondArgument ?? 0],
        word / 2 + 4,
      );
    });
    this.#words[0] += commands.length;
  }

  /** Consumes what is in the completion ring. */
  readonly consume = (): Completion[] => {
    const completions: Completion[] = [];
    for (; this.#words[3] !== this.#words[2]; this.#words[3]++) {
      const word = this.ring.completionOffset / 4 + (this.#words[3] & (this.ring.completionSlots - 1)) * 4;
      completions.push({ cookie: this.#words[word], result: this.#words[word + 1] });
    }
    return completions;
  };

  /** Polls until `count` completions came; fails after 10 s. */
  wait(count: number): Completion[] {
    const completions: Completion[] = [];
    const deadline = performance.now() + 10_000;
    while (completions.length < count) {
      if (performance.now() > deadline) throw new Error(`${completions.length} of ${count} completions in 10 s`);
      this.ring.poll();
      completions.push(...this.consume());
    }
    return completions;
  }

  /** Runs commands to their end; results in the order of the commands. */
  run(...commands: Command[]): number[] {
    this.write(...commands.map((command, cookie) => ({ ...command, cookie })));
    const results: number[] = [];
    for (const { cookie, result } of this.wait(commands.length)) results[cookie] = result;
    return results;
  }
}
