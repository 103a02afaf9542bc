/**
 * io_uring for Node.js, without a call or an object per operation: JavaScript writes command records into a shared
 * ring, the addon hands them to the kernel in batches and puts completions into a second one.
 *
 * `rings` begins with Int32 control words, all free-running counters (wrap at 2^32; compare with `|0` or `>>>0`):
 *
 * | word | counter | written by |
 * |---|---|---|
 * | 0 | commands written | JavaScript, after the record |
 * | 1 | commands taken: their slots are free again | addon |
 * | 2 | completions written | addon |
 * | 3 | completions consumed: their slots are free again | JavaScript, after reading |
 * | 4 | operations in flight | addon |
 *
 * Counter `c` uses slot `c & (slots - 1)`. JavaScript must not let word 0 get more than `commandSlots` ahead of word 1.
 *
 * Command, 64 bytes at `commandOffset + slot * 64`. Words that an operation does not name are not looked at:
 *
 * | int32 word | content |
 * |---|---|
 * | 0 | operation, see `OP` |
 * | 1 | file index from `registerFile` or OPENAT; for OPENAT, STATX, UNLINKAT, RENAMEAT instead the open descriptor of the directory that the path starts at, or -100 (AT_FDCWD) |
 * | 2 | buffer index, as registered: of the data, of the vectors, or of the path |
 * | 3 | READ, WRITE: bytes, 0 to 2^31-1. READV, WRITEV: vectors, 1 to 1024. Paths: bytes with the final NUL. TIMEOUT: completions that end it early, 0 for none. CANCEL: cookie |
 * | 4 | flags of the system call: RWF_*, fallocate mode, O_*, AT_*, RENAME_*, IORING_TIMEOUT_ABS 1, BOOTTIME 4, REALTIME 8, IORING_ASYNC_CANCEL_ALL 1, ANY 4 |
 * | 5 | cookie, returned in the completion |
 * | 6 | IOSQE flags: 2 IO_DRAIN, 4 IO_LINK, 8 IO_HARDLINK, 16 ASYNC |
 * | 7 | RENAMEAT: directory descriptor of the new path |
 * | 8, 9 | float64: offset in the file, bytes |
 * | 10, 11 | float64: offset in the buffer of word 2, bytes |
 * | 12, 13 | float64: FALLOCATE bytes; OPENAT mode; STATX offset of the result, RENAMEAT offset of the new path, both in the buffer of word 2; TIMEOUT nanoseconds |
 * | 14, 15 | float64: STATX mask; RENAMEAT bytes of the new path with the final NUL |
 *
 * Vector, 16 bytes, at a buffer offset that makes its address a multiple of 8: int32 words 0 buffer, 1 bytes; float64 in
 * words 2, 3: offset in that buffer. A vectored transfer moves at most 2^31-1 bytes. Vectors and paths are read when
 * the command is taken and by the kernel when it is submitted: leave them alone until its completion.
 *
 * Completion, 16 bytes at `completionOffset + slot * 16`: int32 words 0 cookie, 1 result (or -errno), 2 CQE flags,
 * 3 zero. Order is the kernel's.
 *
 * Every command taken gives exactly one completion. Commands that do not fit (see `completionSlots`) stay in their ring.
 * A command with an unknown operation or flag or a bad length or offset completes with -EINVAL, with an unknown file with
 * -EBADF, one that leaves its buffer with -EFAULT, and an OPENAT without a free file slot with -ENFILE; these never
 * reach the kernel, and the commands linked to them complete with -ECANCELED. Write a linked chain completely before
 * word 0 covers any of it.
 *
 * Results are those of the system call of the same name. A transfer may be short (end of file, signal, full disk): go on
 * behind the bytes that it moved; the kernel ends a link chain at a short transfer. -EINTR and -EAGAIN of an operation
 * are results too, seen on files that are neither regular nor on a local file system, or with RWF_NOWAIT: write the
 * command again. -EINTR, -EAGAIN and -EBUSY of a submission are never seen: its commands go with the next poll.
 */
export declare class Ring {
  /**
   * Opens an io_uring with the best flags that the kernel has, see `flags`. Only the thread that made it may use it.
   *
   * @param options.entries Commands in one submission: a power of two, 1 to 16384. Default 256.
   * @param options.maxFiles Slots for registered files, 1 to 65536. Default 64.
   * @param options.sqPoll A thread of the kernel submits, without system calls. It needs a core of its own: on a shared
   *   one it takes the time of the process that it serves. Default false.
   * @param options.ioPoll Completions are polled from the device. Reads and writes of O_DIRECT files only, on devices
   *   that have poll queues (others: -EOPNOTSUPP), and NOP. The source does not sleep while operations are in flight.
   *   Default false.
   * @throws RangeError ERR_OUT_OF_RANGE, TypeError ERR_INVALID_ARG_TYPE: a bad option.
   * @throws Error ERR_URING_SETUP: the message names the failed call, the errno and what to do about it: ENOSYS (no
   *   io_uring here), EPERM (sysctl kernel.io_uring_disabled, seccomp), ENOMEM (RLIMIT_MEMLOCK), EMFILE (RLIMIT_NOFILE).
   */
  constructor(options?: { entries?: number; maxFiles?: number; sqPoll?: boolean; ioPoll?: boolean });

  /** Control words and both rings, zeroed. Valid as long as it is held, also after `close()`; never transfer it. */
  readonly rings: ArrayBuffer;
  /** Byte offset of the command ring in `rings`. */
  readonly commandOffset: number;
  /** `entries`. */
  readonly commandSlots: number;
  /** Byte offset of the completion ring in `rings`. */
  readonly completionOffset: number;
  /** 2 * `entries`: bounds the operations in flight and the completions not consumed, together. */
  readonly completionSlots: number;
  /** The poll source for an event pump (addon-kit/include/poll_source.h). Keeps the ring open while it is held. */
  readonly source: object;
  /** The setup flags in use, such as `DEFER_TASKRUN`; empty on kernels before 5.19. */
  readonly flags: readonly string[];
  /** The eventfd that becomes readable while the source is armed. Closed by `close()`. */
  readonly eventFd: number;
  /** Operations that the kernel has and whose completion is not in the ring yet. Never throws. */
  readonly inFlight: number;

  /**
   * Pins memory as fixed buffers 0 to n-1, once per ring. Blocks for about 0.1 ms per MiB of fresh memory.
   *
   * The kernel's own fixed buffers hold 1 GiB at most, so a larger one becomes several of them under one index. A
   * transfer across a multiple of 1 GiB works too, but pins its pages for itself, as without fixed buffers.
   *
   * @param buffers 1 to 16384 ArrayBuffers of at least 1 byte, each counted once for every GiB that it begins. Kept
   *   alive until `close()`; never transfer them.
   * @throws Error ERR_URING_BUFFERS: the kernel's errno; ENOMEM names the locked memory needed and allowed; or buffers
   *   are registered already, or `addBuffer` was called before.
   * @throws TypeError, RangeError: no ArrayBuffers, or too many. Nothing is registered then.
   * @throws Error ERR_URING_CLOSED.
   */
  registerBuffers(buffers: readonly ArrayBuffer[]): void;

  /**
   * Lets commands name memory that is not pinned: for memory that comes and goes, or is too large for RLIMIT_MEMLOCK.
   * The kernel looks its pages up in each transfer, which costs nothing through the page cache and some 50 ns a page
   * with O_DIRECT. No system call.
   *
   * @param buffer At least 1 byte. Kept alive until `close()`. When its memory goes away before (another package
   *   unmaps it), transfers that name it complete with -EFAULT; never name it in READV, WRITEV or as a path then.
   * @returns Its index for commands, behind those of `registerBuffers` and the ones added before.
   * @throws Error ERR_URING_BUFFERS: out of memory; ERR_URING_CLOSED. TypeError, RangeError: no ArrayBuffer, an empty
   *   one, or more than 16384 buffers.
   */
  addBuffer(buffer: ArrayBuffer): number;

  /**
   * Puts an open file into the lowest free slot. The kernel takes its own reference: `fd` may be closed. One system call.
   * @returns Its index for commands.
   * @throws Error ERR_URING_FILES_FULL; ERR_URING_FILE: the kernel's errno, EBADF for a closed fd; ERR_URING_CLOSED.
   * @throws TypeError, RangeError: `fd` is no descriptor number.
   */
  registerFile(fd: number): number;

  /**
   * Puts another open file into a slot in use. Operations in flight keep the file that they began with. One system call.
   * @throws Error ERR_URING_FILE: ENOENT, nothing is registered there; EBADF for a closed fd, which leaves the slot
   *   registered and empty; ERR_URING_CLOSED.
   * @throws TypeError, RangeError: `index` is no index, or `fd` no descriptor number.
   */
  updateFile(index: number, fd: number): void;

  /**
   * Frees a slot. Operations in flight on it end as if it were still there; the kernel closes its reference after them.
   * @throws Error ERR_URING_FILE: EBADF, nothing is registered there; ERR_URING_CLOSED.
   * @throws TypeError, RangeError: `index` is no index.
   */
  unregisterFile(index: number): void;

  /**
   * Where the kernel's workers (io-wq: buffered I/O, fsync, fallocate) may run; by default where the thread may that
   * made the ring. A worker that shares the core of a spinning thread costs a third of the IOPS.
   *
   * @param cpus At least one number of a CPU of this machine.
   * @throws Error ERR_URING_AFFINITY: the kernel's errno, EINVAL for a CPU outside of the process's cpuset;
   *   ERR_URING_CLOSED.
   * @throws TypeError, RangeError: no CPUs, or one that does not exist.
   */
  setWorkerAffinity(cpus: readonly number[]): void;

  /**
   * Hands written commands to the kernel, without looking for completions: one system call per `entries` commands.
   * Does not wait for I/O, though the kernel may do an operation at once (page cache). What it cannot take now stays.
   * @throws Error ERR_URING_CLOSED.
   */
  submit(): void;

  /**
   * Submits, and moves completions into their ring; no system call if there is nothing to do. Does not wait for I/O.
   * An event pump calls the same function through `source`.
   * @returns Completions in the ring that JavaScript has not consumed.
   * @throws Error ERR_URING_CLOSED.
   */
  poll(): number;

  /**
   * Cancels the operations in flight where the kernel can, waits for the others (blocks), drops their completions and
   * commands not taken, unpins the buffers. The source is inert afterwards. A second call does nothing. Never throws.
   * Otherwise this happens when ring, `rings` and `source` are all collected, or the process ends.
   */
  close(): void;
}

/** Operations, word 0 of a command. */
export declare const OP: {
  readonly NOP: 0;
  /** Into a fixed buffer; result: bytes read, fewer at the end of the file, 0 behind it. */
  readonly READ: 1;
  /** From a fixed buffer; result: bytes written. */
  readonly WRITE: 2;
  readonly FSYNC: 3;
  readonly FDATASYNC: 4;
  /** fallocate(2) with the mode in word 4 and the length in words 12, 13. */
  readonly FALLOCATE: 5;
  /** preadv2(2) into pieces of fixed buffers. */
  readonly READV: 6;
  /** pwritev2(2) from pieces of fixed buffers. */
  readonly WRITEV: 7;
  /**
   * Opens a file into the lowest free slot, without a descriptor. Result: its file index, good for commands that are
   * written after this completion. O_CLOEXEC is -EINVAL, since nothing is inherited. Linux 5.15.
   */
  readonly OPENAT: 8;
  /** Frees a file slot, as `unregisterFile`, in order with other commands. Result: 0. Linux 5.15. */
  readonly CLOSE: 9;
  /** Result: 0, and 256 bytes of struct statx in the buffer. */
  readonly STATX: 10;
  /** unlink(2), or rmdir(2) with AT_REMOVEDIR (0x200). */
  readonly UNLINKAT: 11;
  readonly RENAMEAT: 12;
  /** Result: -ETIME when the time is over, 0 when the completions came first, -ECANCELED. */
  readonly TIMEOUT: 13;
  /**
   * Cancels one operation in flight by its cookie, but no OPENAT or CLOSE; with ALL every one with the cookie, with ANY
   * every one. Result: 0, -ENOENT (not found), -EALREADY (runs, and ends as it will); with ALL or ANY their number.
   * The cancelled operation completes by itself with -ECANCELED. Linux 5.5, flags 5.19.
   */
  readonly CANCEL: 14;
};

/**
 * Zeroed, page-aligned memory, as O_DIRECT wants it; huge pages from 2 MiB on where the kernel has them. Freed when it
 * is collected. Pages come at first touch, or all at once by `registerBuffers`.
 *
 * @param lengthBytes 1 to 2^44.
 * @throws Error ERR_URING_MEMORY: the kernel's errno. TypeError, RangeError: no such length.
 */
export declare function allocate(lengthBytes: number): ArrayBuffer;
