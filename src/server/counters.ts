/** What a server has done since it was opened. */
export interface Counters {
  requests: number;
  bytesRead: number;
  bytesWritten: number;
  /** Flushes; always 0 in classes `memory` and `pagecache`. */
  flushes: number;
  /** Requests that had to wait for a free buffer. */
  bufferWaits: number;
}
