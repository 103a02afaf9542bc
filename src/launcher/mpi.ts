import * as mpi from "node-mpi";
import { BenchError, type FailureCode } from "../core/errors.ts";

/**
 * From MPI_Init to MPI_Finalize, which is all of a job that MPI is there for. Every call but `leaveJob` is collective
 * and blocks.
 */

/** @throws BenchError ERR_ENVIRONMENT when the launcher is of another MPI than the one that we were built with. */
export function joinJob(): { rank: number; size: number } {
  try {
    return mpi.init();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MPI_LAUNCHER") throw error;
    throw new BenchError("ERR_ENVIRONMENT", `${message} (MPICC=… npm run setup)`);
  }
}

export function leaveJob(): void {
  mpi.finalize();
}

/** Name and version of the MPI library. */
export function mpiVersion(): string {
  return mpi.libraryVersion();
}

/**
 * An allgather of JSON values in which a rank may fail: then every rank throws that failure.
 * @returns What `make` returned on each rank, by rank.
 * @throws BenchError The first failure by rank, the same on every rank.
 */
export function exchange<T>(make: () => T): T[] {
  let mine: { value: T } | { code: FailureCode; message: string };
  try {
    mine = { value: make() };
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    mine = { code: error.code, message: error.message };
  }
  const all = allgather(Buffer.from(JSON.stringify(mine))).map(
    (bytes) => JSON.parse(Buffer.from(bytes).toString()) as typeof mine,
  );
  return all.map((one, rank) => {
    if ("code" in one) throw new BenchError(one.code, one.message, { rank });
    return one.value;
  });
}

/** The bytes of every rank, by rank. */
export function allgather(bytes: Uint8Array): Uint8Array[] {
  return mpi.world().allgather(bytes);
}

/** Sends a few bytes to one rank, which receives them. */
export function send(bytes: Uint8Array, rank: number): void {
  mpi.world().send(bytes, rank, 0);
}

/** Waits for the bytes that one rank sends. @param into As many as come. */
export function receive(into: Uint8Array, rank: number): void {
  mpi.world().receive(into, rank, 0);
}
