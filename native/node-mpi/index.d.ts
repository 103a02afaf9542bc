/**
 * MPI for the start of a job: who am I, who else is there, and an exchange of bytes among all.
 *
 * Every function of this module runs on the main thread, and all but `launcherSize`, `initialized`, `finalized`,
 * `libraryVersion` and `processorName` block it until the other ranks have made the matching call: no timer, promise
 * or socket of this process makes progress meanwhile, and if a rank never calls, or has died, the call never returns.
 *
 * Errors, all matched by `code`:
 * - `ERR_MPI` ({@link MpiError}): the library refused. The message starts with the name of the MPI call.
 * - `ERR_MPI_STATE`: called before `init`, after `finalize`, or on a freed communicator; the library was not called.
 * - `ERR_INVALID_ARG_TYPE` (TypeError), `ERR_OUT_OF_RANGE` (RangeError): an argument is wrong. It is found before
 *   anything is sent, so ranks whose arguments are right wait for ever: pass the same arguments everywhere.
 */

/** What the library said. Communicators return their errors (MPI_ERRORS_RETURN) instead of killing the job. */
export interface MpiError extends Error {
  readonly code: "ERR_MPI";
  /** The MPI call that failed, for instance `MPI_Bcast`. */
  readonly call: string;
  /** `MPI_ERR_*` as the number that this MPI library uses: stable within a library, not between libraries. */
  readonly errorClass: number;
}

/**
 * `MPI_Init`: joins the job that the launcher started; without a launcher the process is a job of one (singleton).
 * Once per process. Blocks, for 0.1 to 0.4 s as a rule.
 * A failure inside MPI_Init ends the process with the library's own message: the standard gives no way to catch it.
 * @returns Rank in the world communicator, 0 to size - 1, and number of ranks.
 * @throws `ERR_MPI_STATE` when called twice, also after `finalize`. `ERR_MPI_LAUNCHER`: the job has another size than
 *   {@link launcherSize}, since this addon was built for another MPI than the launcher's, and every process is a job of
 *   its own; MPI has been finalized.
 */
export declare function init(): { rank: number; size: number };

/**
 * `MPI_Finalize`: leaves the job. Blocks until all ranks have called it. Communicators are dead afterwards; arrays that
 * they returned stay valid. A process that ends without it after `init` makes most launchers kill the other ranks.
 * @throws `ERR_MPI_STATE` when not between `init` and `finalize`; `ERR_MPI`.
 */
export declare function finalize(): void;

/**
 * `MPI_Abort` on the world: the launcher kills all ranks. Does not return and runs no exit handler.
 * @param code Exit status for the launcher, 1 to 255.
 * @throws `ERR_MPI_STATE` when not between `init` and `finalize`; `ERR_OUT_OF_RANGE`; `ERR_INVALID_ARG_TYPE`.
 */
export declare function abort(code: number): never;

/** Whether `init` has been called; stays true after `finalize`. Does not block, never throws. */
export declare function initialized(): boolean;

/** Whether `finalize` has been called. Does not block, never throws. */
export declare function finalized(): boolean;

/** Name and version of the MPI library that is loaded, some words long. At any time; does not block, never throws. */
export declare function libraryVersion(): string;

/**
 * The name that MPI gives this host. Equal names do not prove equal hosts: use {@link Communicator.splitShared}.
 * Does not block.
 * @throws `ERR_MPI_STATE` when not between `init` and `finalize`; `ERR_MPI`.
 */
export declare function processorName(): string;

/**
 * The number of ranks that the launcher says it started, from the environment that it gave this process
 * (`OMPI_COMM_WORLD_SIZE`, `PMI_SIZE`, `SLURM_STEP_NUM_TASKS`, in this order); `undefined` without a launcher.
 * At any time; does not block, never throws.
 */
export declare function launcherSize(): number | undefined;

/** Bytes in any of JavaScript's clothes. Read or written in place during the call, never kept. */
export type Bytes = ArrayBuffer | ArrayBufferView;

/** Receives from whoever sends first: {@link Communicator.receive}. */
export declare const anySource: -1;

/** Receives a message of any tag: {@link Communicator.receive}. */
export declare const anyTag: -1;

/** What a message was, for a receiver that let others choose. */
export interface Received {
  /** Rank of the sender in the group. */
  source: number;
  tag: number;
  /** Length of the message; the rest of the buffer is as it was. */
  countBytes: number;
}

/** The world. @throws `ERR_MPI_STATE` when not between `init` and `finalize`. */
export declare function world(): Communicator;

/** A group of ranks. The garbage collector does not free it, since freeing is a collective call: use `free`. */
export declare class Communicator {
  private constructor();

  /** This process in the group, 0 to `size` - 1. Stays readable after `free` and `finalize`. */
  readonly rank: number;
  /** Ranks in the group. Stays readable after `free` and `finalize`. */
  readonly size: number;

  /**
   * `MPI_Comm_split`: ranks that give the same color form a group. Blocks for all ranks of this one.
   * @param color 0 to 2^31 - 1.
   * @param key -2^31 to 2^31 - 1. Ranks of the new group are ordered by it, then by rank in this group.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  split(color: number, key: number): Communicator;

  /**
   * `MPI_Comm_split_type(MPI_COMM_TYPE_SHARED)`: the ranks that can share memory, as a rule those of one host, in the
   * order of this group. Blocks for all ranks of this one.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`.
   */
  splitShared(): Communicator;

  /**
   * `MPI_Comm_free`. Blocks for all ranks of the group.
   * @throws `ERR_MPI_STATE` for the world and for a communicator that is freed already; `ERR_MPI`.
   */
  free(): void;

  /** `MPI_Barrier`: blocks until all ranks of the group are here. @throws `ERR_MPI`, `ERR_MPI_STATE`. */
  barrier(): void;

  /**
   * `MPI_Bcast`: fills `buffer` on every rank with the bytes that it has on `root`. Blocks.
   * @param buffer At most 2^31 - 1 bytes, the same number on every rank: with different lengths MPI may throw, cut
   *   off, or hang. Written in place.
   * @param root A rank of the group, the same everywhere.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  broadcast(buffer: Bytes, root: number): void;

  /**
   * `MPI_Allgatherv` behind an exchange of the lengths. Blocks.
   * @param bytes Any length, also none, and another one on every rank. Read during the call.
   * @returns Shape [size]: what each rank gave, by rank. Views of one new ArrayBuffer that belongs to the caller.
   * @throws `ERR_OUT_OF_RANGE` on every rank when all together give more than 2^31 - 1 bytes; `ERR_MPI`,
   *   `ERR_MPI_STATE`, `ERR_INVALID_ARG_TYPE`.
   */
  allgather(bytes: Bytes): Uint8Array[];

  /**
   * `MPI_Allgatherv`: for lengths that every rank knows, without an exchange of them and without new memory. Blocks.
   * @param bytes As many as this rank's element of `countsBytes`. Read during the call.
   * @param into At least as long as all of `countsBytes` together; what rank i gave lies behind what ranks 0 to i - 1
   *   gave. Must not overlap `bytes`. Written in place.
   * @param countsBytes Shape [size], the same on every rank, together at most 2^31 - 1.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  allgatherv(bytes: Bytes, into: Bytes, countsBytes: Int32Array): void;

  /**
   * `MPI_Gatherv` behind an exchange of the lengths: as `allgather`, but only `root` gets the bytes. Blocks.
   * @param root A rank of the group, the same everywhere.
   * @returns On `root` as `allgather`; `undefined` elsewhere.
   * @throws As `allgather`.
   */
  gather(bytes: Bytes, root: number): Uint8Array[] | undefined;

  /**
   * `MPI_Scatterv` behind a scatter of the lengths: rank i gets `parts[i]` of `root`. Blocks.
   * @param parts Shape [size] on `root`, of any lengths, together at most 2^31 - 1 bytes; read, and copied once, during
   *   the call. Ignored elsewhere.
   * @param root A rank of the group, the same everywhere.
   * @returns The part of this rank: a copy that belongs to the caller, also on `root`.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  scatter(parts: readonly Bytes[] | undefined, root: number): Uint8Array;

  /**
   * `MPI_Allreduce` in place: every element becomes the sum, least or greatest of that element over all ranks. Blocks.
   * Int32 sums wrap around; a Float64 sum may differ in its last bits from run to run but not from rank to rank; the
   * result of min and max over NaN is unspecified.
   * @param values At most 2^31 - 1 elements; type and length the same on every rank.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE` (also for an unknown `op`), `ERR_INVALID_ARG_TYPE`.
   */
  allreduce(values: Float64Array | Int32Array, op: "sum" | "min" | "max"): void;

  /**
   * `MPI_Reduce`: as `allreduce`, but only `root` gets the result, in place; `values` of other ranks are only read.
   * Blocks, on ranks other than `root` perhaps for no other rank.
   * @param root A rank of the group, the same everywhere.
   * @throws As `allreduce`.
   */
  reduce(values: Float64Array | Int32Array, op: "sum" | "min" | "max", root: number): void;

  /**
   * `MPI_Send`: one message to one rank. Blocks until `bytes` may be changed again: short messages are buffered and
   * the call returns at once, long ones wait for the receiver (the library decides where the limit is). Two ranks that
   * both send first, or one that sends to itself first, therefore may wait for ever.
   * @param bytes At most 2^31 - 1 bytes, also none. Read during the call.
   * @param destination A rank of the group.
   * @param tag 0 to 32767; most libraries take more.
   * @throws `ERR_MPI` (no such rank, tag too large), `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  send(bytes: Bytes, destination: number, tag: number): void;

  /**
   * `MPI_Recv`: waits for the next message that matches. Messages of one sender that match arrive in the order in
   * which they were sent. Blocks until one is there.
   * @param buffer At most 2^31 - 1 bytes; filled from its start. A longer message throws `ERR_MPI` (MPI_ERR_TRUNCATE)
   *   and is lost, with what is in `buffer` undefined.
   * @param source A rank of the group, or {@link anySource}.
   * @param tag The tag that it was sent with, or {@link anyTag}.
   * @throws `ERR_MPI`, `ERR_MPI_STATE`, `ERR_OUT_OF_RANGE`, `ERR_INVALID_ARG_TYPE`.
   */
  receive(buffer: Bytes, source: number, tag: number): Received;
}
