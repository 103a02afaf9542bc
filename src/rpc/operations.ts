import { assert } from "../core/errors.ts";
import { type Fields, type Struct, struct } from "./struct.ts";

/** One kind of call. Ids are never reused: an id on the wire outlives the code that gave it. */
export interface Operation<Q extends Fields, R extends Fields> {
  readonly id: number;
  readonly name: string;
  readonly request: Struct<Q>;
  /** Beside these fields every reply has a status: 0 or a negative errno. */
  readonly reply: Struct<R>;
}

function defineOperation<const Q extends Fields, const R extends Fields>(
  id: number,
  name: string,
  request: Q,
  reply: R,
): Operation<Q, R> {
  return { id, name, request: struct(request), reply: struct(reply) };
}

/** What a metadata server says of a file or directory. Times are microseconds since 1970. `kind`: 1 file, 2 directory. */
const attributes = { ino: "f64", sizeBytes: "f64", mtimeUs: "f64", ctimeUs: "f64", kind: "u32", mode: "u32" } as const;

/**
 * The whole protocol. Names travel as the payload of a request (UTF-8, one component, no slash); `parent` is the
 * inode number of the directory. A name's metadata server is `metadataServer(parent, name)`, a directory's home is
 * the server that made its inode number, a chunk's server is `chunkServer(ino, chunk)`: src/rankmap/placement.ts.
 */
export const operations = {
  // Metadata, at the name's server.
  /** With an empty name, at the home of `parent`: the attributes of the directory itself. */
  lookup: defineOperation(1, "lookup", { parent: "f64" }, attributes),
  /** flags: the O_CREAT, O_EXCL, O_TRUNC, access bits of node:fs. Creates or opens; answers when O_TRUNC has taken effect. */
  open: defineOperation(2, "open", { parent: "f64", flags: "u32", mode: "u32" }, attributes),
  unlink: defineOperation(3, "unlink", { parent: "f64" }, {}),
  mkdir: defineOperation(4, "mkdir", { parent: "f64", mode: "u32" }, attributes),
  rmdir: defineOperation(5, "rmdir", { parent: "f64" }, {}),
  /** Raises the size of `ino` to at least `sizeBytes` and sets its times; ENOENT if the name is gone or another file's. */
  extend: defineOperation(6, "extend", { parent: "f64", ino: "f64", sizeBytes: "f64", mtimeUs: "f64" }, {}),

  // Directories: every server is asked for its part.
  /**
   * Request payload: the last name of the page before (empty: from the start). Reply payload: entries, each
   * [kind u8][length u8][name]; `more` is 1 when there are more after the last one.
   */
  readDirectory: defineOperation(7, "read-directory", { directory: "f64" }, { entries: "u32", more: "u32" }),
  /** Server to the directory's home, before it makes the first entry in it: ENOENT if the directory is gone. */
  leaseDirectory: defineOperation(8, "lease-directory", { directory: "f64", serverIndex: "u32" }, {}),
  /** Home to a lease holder, before the directory is removed: ENOTEMPTY, or 0 and the lease is given up. */
  revokeDirectory: defineOperation(9, "revoke-directory", { directory: "f64" }, {}),

  // Chunks, at the chunk's server, which moves large payloads itself. Ids 12 to 15 were grants of its buffers.
  /** Up to `inlineBytes` in the request's payload. */
  writeInline: defineOperation(10, "write-inline", { ino: "f64", chunk: "u32", offsetBytes: "u32" }, {}),
  /** Up to `inlineBytes` in the reply's payload; what was never written reads as zeros. */
  readInline: defineOperation(
    11,
    "read-inline",
    { ino: "f64", chunk: "u32", offsetBytes: "u32", lengthBytes: "u32" },
    {},
  ),
  /**
   * The server takes the bytes at `sourceOffset` of the caller's arena, in place or by RMA, and writes them. They belong
   * to the server until the answer, and also after ETIMEDOUT.
   */
  writeChunk: defineOperation(
    22,
    "write-chunk",
    { ino: "f64", chunk: "u32", offsetBytes: "u32", lengthBytes: "u32", sourceOffset: "f64" },
    {},
  ),
  /** The other way: what was read is at `targetOffset` of the caller's arena when the answer comes. */
  readChunk: defineOperation(
    23,
    "read-chunk",
    { ino: "f64", chunk: "u32", offsetBytes: "u32", lengthBytes: "u32", targetOffset: "f64" },
    {},
  ),
  /** In class `device`: data and metadata of this server are on the device. Otherwise nothing to do. */
  flush: defineOperation(16, "flush", {}, {}),
  /**
   * Removes all chunks that the server has of the files named in the payload, inode numbers as f64, and gives their
   * space back. Sent by metadata servers when a file was unlinked or is truncated.
   */
  dropChunks: defineOperation(17, "drop-chunks", { files: "u32" }, {}),

  // The job.
  /** What a server has done since it started. Reply payload: `ServerCounters` of src/report/servers.ts as JSON. */
  counters: defineOperation(40, "counters", {}, {}),
  /** One step of a collective: payload is one fragment of a member's bytes. */
  collect: defineOperation(
    18,
    "collect",
    { group: "u32", sequence: "u32", from: "u32", part: "u32", parts: "u32" },
    {},
  ),
  /** The run must end. Payload: the reason as text. */
  abort: defineOperation(19, "abort", { deadRank: "i32", failure: "u32" }, {}),
  /** To the lead, when the run ends early: the sender has cleaned up and ends. */
  left: defineOperation(21, "left", {}, {}),
  /** Answers with nothing: latency, and the state of an endpoint. */
  ping: defineOperation(20, "ping", {}, {}),

  // What the workload `rpc` measures, without storage.
  /** Answers with the request's payload. */
  echo: defineOperation(50, "echo", {}, {}),
  /**
   * The server moves `lengthBytes`, up to a chunk, between a buffer and the caller's arena by RMA. `take`: from
   * `offset` to the buffer; `give`: from the buffer to `offset`; both: the one after the other.
   */
  move: defineOperation(51, "move", { take: "u32", give: "u32", lengthBytes: "u32", offset: "f64" }, {}),
} as const;

const ids = Object.values(operations).map((operation) => operation.id);
assert(new Set(ids).size === ids.length, "operation ids are distinct");
/** One more than the largest id. */
export const operationIds = Math.max(...ids) + 1;
