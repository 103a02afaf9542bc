import type { RankResult } from "../report/figures.ts";
import { Histogram } from "../report/histogram.ts";

/** For a gather: length of the JSON part (4 bytes, little-endian), the JSON part, the histogram. */
export function encodeRankResult(result: RankResult): Uint8Array {
  const { latency, ...fields } = result;
  const json = Buffer.from(JSON.stringify(fields));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, latency.encode()]);
}

/** The bytes are not kept. */
export function decodeRankResult(bytes: Uint8Array): RankResult {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  const fields = JSON.parse(buffer.toString("utf8", 4, end)) as Omit<RankResult, "latency">;
  return { ...fields, latency: Histogram.decode(buffer.subarray(end)) };
}
