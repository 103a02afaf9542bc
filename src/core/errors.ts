/** Every way a run can fail. `scope` is the largest thing that is lost; `exit` is the process's exit status. */
export const failures = {
  ERR_CONFIG: { scope: "job", exit: 2 },
  ERR_ENVIRONMENT: { scope: "job", exit: 3 },
  ERR_PEER_LOST: { scope: "peer", exit: 4 },
  ERR_STORAGE: { scope: "rank", exit: 5 },
  ERR_WORKLOAD: { scope: "operation", exit: 6 },
  ERR_INTERRUPTED: { scope: "job", exit: 130 },
  ERR_BUG: { scope: "rank", exit: 70 },
} as const;

export type FailureCode = keyof typeof failures;

/**
 * A failure of the environment or of the input: what was tried, on what, and what to do. Match on `code`;
 * `where` (rank, option, path, errno) is for the log line. A broken invariant is an `assert`, not one of these;
 * an expected answer of the file system is a negative status, not one of these.
 */
export class BenchError extends Error {
  readonly code: FailureCode;
  readonly where: Readonly<Record<string, string | number>>;
  constructor(code: FailureCode, message: string, where: BenchError["where"] = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = "BenchError";
    this.code = code;
    this.where = where;
  }
}

/** Our bug if it fails: the rank stops with its state rather than going on with wrong numbers. Never catches input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BenchError("ERR_BUG", `broken invariant: ${message}`);
}
