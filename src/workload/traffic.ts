/** Something that a workload makes. */
export interface MadeEntry {
  /** Absolute within the file system; missing directories above it are made first. */
  readonly path: string;
  readonly kind: "file" | "directory";
  /** Of a file: its size when it is complete, and how often all of it is written and read. */
  readonly sizeBytes: number;
  readonly writes: number;
  readonly reads: number;
}

/** An operation that a client has in flight at the start of the first phase. */
export interface FirstOperation {
  readonly path: string;
  readonly offset: number;
  /** 0: the operation concerns the name only. */
  readonly bytes: number;
}

/**
 * What a workload asks of the file system, as far as its parameters tell: what `plan` spreads over the servers before
 * anything runs. Stonewalls may end it earlier.
 */
export interface Traffic {
  /** Entries of all rounds. */
  readonly names: number;
  /** What is there at the same time, in the order of making, one client after the other; removed before the next round. */
  rounds(): Iterable<Iterable<MadeEntry>>;
  /** By client. */
  firstOperations(client: number): readonly FirstOperation[];
}
