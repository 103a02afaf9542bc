/** What a server has done since it was opened. Of requests and device accesses a sample is timed. */
export interface Counters {
  requests: number;
  bytesRead: number;
  bytesWritten: number;
  /** Flushes; always 0 in classes `memory` and `pagecache`. */
  flushes: number;
  /** Requests that had to wait for a free buffer, and for how long altogether. */
  bufferWaits: number;
  bufferWaitNs: number;
  /** Requests that were timed from their arrival to their answer. */
  serviceSamples: number;
  serviceNs: number;
  /** Reads, writes and flushes of the device, and those that were timed. */
  deviceAccesses: number;
  deviceSamples: number;
  deviceNs: number;
  /** Space that names and small files take now. */
  metadataBytes: number;
}
