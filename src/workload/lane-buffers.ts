import type { FileSystem } from "../client/file-system.ts";

/** Payload memory lives as long as its file system, so the workloads of a job use the same again. */
const memoryOf = new WeakMap<FileSystem, Uint8Array>();

/**
 * One buffer for each operation in flight. They hold whatever the last workload left, and are valid until the next
 * call for the same file system. @throws BenchError ERR_CONFIG when payload memory is too small.
 */
export function laneBuffers(fs: FileSystem, lanes: number, bytes: number): Uint8Array[] {
  // Each starts on a page of its own, so that aligned transfers stay aligned.
  const strideBytes = Math.max(1, Math.ceil(bytes / 4096)) * 4096;
  let memory = memoryOf.get(fs);
  if (memory === undefined || memory.length < lanes * strideBytes) {
    memory = fs.allocate(lanes * strideBytes);
    memoryOf.set(fs, memory);
  }
  const all = memory;
  return Array.from({ length: lanes }, (_, lane) => all.subarray(lane * strideBytes, lane * strideBytes + bytes));
}
