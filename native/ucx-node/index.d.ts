/**
 * UCX (UCP layer) for one thread: active messages, RMA and registered memory, driven through two rings in memory
 * that JavaScript and the addon share. Nothing in here calls into JavaScript.
 *
 * Importing the module loads the addon, after putting defaults into `process.env` where the user has set none:
 * UCX_ERROR_SIGNALS="", UCX_MEM_EVENTS=n, UCX_MM_ERROR_HANDLING=y, UCX_KEEPALIVE_INTERVAL=500ms,
 * UCX_RESOLVE_REMOTE_EP_ID=y, UCX_WARN_UNUSED_ENV_VARS=n, UCX_LOG_LEVEL=fatal. Import it from the main thread, before anything else loads UCX.
 * The import throws an `Error` that says what to install when the addon cannot be loaded.
 *
 * A `status` is 0 or a negative `ucs_status_t`; `statusText` names it.
 */

/**
 * What JavaScript asks for. A command is a record of 128 bytes in the command ring:
 *
 * | int32 word | meaning |
 * |---|---|
 * | 0 | operation, one of these |
 * | 1 | endpoint |
 * | 2 | SEND: active message id, 0 to 65535; the receiver must have it among its `amIds` |
 * | 3 | SEND: header bytes, 0 to 64 |
 * | 4 | region of the payload; SEND: -1 for no payload |
 * | 5 | CLOSE: 0 waits for all that is in flight, 1 cancels it |
 * | 6 | cookie; below 0: no COMPLETED event |
 * | 7 | PUT, GET: key; RECV, DROP: descriptor |
 * | 8, 9 | float64: offset of the payload in the region |
 * | 10, 11 | float64: length of the payload in bytes; RECV: room in bytes |
 * | 12, 13 | float64: PUT, GET: offset in the peer's region |
 * | 16 to 31 | SEND: the header, copied when the command is taken |
 *
 * A command with a cookie gives exactly one COMPLETED event, also when it is wrong (UCS_ERR_INVALID_PARAM, -5) or
 * its endpoint failed or closed; RECV gives exactly one RECEIVED event, with or without a cookie. Payload memory
 * belongs to UCX from the write of the command to that event.
 *
 * - SEND: payloads up to `eagerBytes` go eagerly, longer ones by rendezvous. Completes when the payload may be reused;
 *   that is no proof of delivery.
 * - RECV: brings the payload of a descriptor into a region. Fails with UCS_ERR_MESSAGE_TRUNCATED when the room is
 *   shorter than the payload. The descriptor is gone whatever the outcome; after a failure the sender's command
 *   completes as if the payload had been dropped.
 * - DROP: gives a descriptor up. The sender's command completes.
 * - PUT: writes into the peer's region. Completes when the peer can see the bytes.
 * - GET: reads from the peer's region. Completes when the bytes are here.
 * - FLUSH: completes when all earlier PUTs and SENDs of the endpoint have left and the PUTs are visible.
 * - CLOSE: closes the endpoint; completes at the end, when its keys are released and the ArrayBuffers that `map` made
 *   for it are detached (length 0). An endpoint that failed has been closed already: CLOSE then only does the latter.
 *   A second CLOSE gives UCS_ERR_NOT_CONNECTED, and with flag 1 makes an end of the first one's waiting.
 */
export declare const COMMAND: {
  readonly SEND: 1;
  readonly RECV: 2;
  readonly DROP: 3;
  readonly PUT: 4;
  readonly GET: 5;
  readonly FLUSH: 6;
  readonly CLOSE: 7;
};

/**
 * What happened. An event is a record of 128 bytes in the event ring:
 *
 * | int32 word | meaning |
 * |---|---|
 * | 0 | kind, one of these |
 * | 1 | MESSAGE, RENDEZVOUS, RECEIVED: active message id; COMPLETED, ENDPOINT_FAILED: endpoint (DROP: -1) |
 * | 2 | MESSAGE, RENDEZVOUS: header bytes, 0 to 64 |
 * | 3 | status |
 * | 4 | MESSAGE: landing slot of the payload, or -1 for no payload |
 * | 5 | RENDEZVOUS, RECEIVED: descriptor |
 * | 6 | COMPLETED, RECEIVED: cookie of the command |
 * | 8, 9 | float64: MESSAGE: offset of the payload in the landing region |
 * | 10, 11 | float64: MESSAGE, RENDEZVOUS, RECEIVED: length of the payload in bytes |
 * | 16 to 31 | MESSAGE, RENDEZVOUS: the header; valid until EVENT_TAIL passes the record |
 *
 * - MESSAGE: an active message, whole. JavaScript frees its landing slot by pushing it onto the free stack.
 *   Status UCS_ERR_MESSAGE_TRUNCATED: the peer does not use this package, its header was longer than 64 bytes and is cut.
 * - RENDEZVOUS: an active message whose payload waits for RECV or DROP: at the sender, or (an eager payload longer than
 *   a landing slot) in native memory.
 * - RECEIVED: the end of a RECV.
 * - COMPLETED: the end of any other command with a cookie.
 * - ENDPOINT_FAILED: once for an endpoint whose peer is lost. The endpoint is then closed by force, so that everything
 *   in flight on it completes with an error; later commands complete with the status of the failure.
 *
 * MESSAGE and RENDEZVOUS events of one peer keep the order of its SENDs. Messages are never lost: those that find
 * the event ring full or no landing slot free wait, and the ones behind them with them; other events pass them.
 */
export declare const EVENT: {
  readonly MESSAGE: 1;
  readonly RENDEZVOUS: 2;
  readonly RECEIVED: 3;
  readonly COMPLETED: 4;
  readonly ENDPOINT_FAILED: 5;
};

/**
 * Int32 indices in `rings` of the four counters, which run freely modulo 2^32. A ring holds `head - tail` records;
 * record n lies in slot `n & (slots - 1)`. JavaScript writes COMMAND_HEAD and EVENT_TAIL, the addon the other two.
 * JavaScript must not write a command when `commandSlots` are in the ring: `post()` makes room.
 */
export declare const CONTROL: {
  readonly COMMAND_HEAD: 0;
  readonly COMMAND_TAIL: 1;
  readonly EVENT_HEAD: 2;
  readonly EVENT_TAIL: 3;
};

export interface WorkerOptions {
  /** Slots of the command ring: a power of two, 2 to 65536. Default 1024. */
  commandSlots?: number;
  /** Slots of the event ring: a power of two, 2 to 65536. Default 2048. */
  eventSlots?: number;
  /** Active messages with ids 0 to amIds - 1 are received, 1 to 1024; others are discarded by UCX. Default 1. */
  amIds?: number;
  /** SENDs with a longer payload go by rendezvous, 0 to 1048576. Default 16384. */
  eagerBytes?: number;
}

/** Names such as "posix/memory" or "tcp/eth0", with spaces between them where there are several. */
export interface EndpointTransports {
  /** What carries headers and eager payloads. */
  readonly small: string;
  /** What carries rendezvous payloads. */
  readonly large: string;
  /** All that the endpoint has; PUT and GET of shared memory may use one that messages do not. */
  readonly all: string;
}

export interface WorkerQuery {
  /** Transports and devices that endpoints can use, as in {@link EndpointTransports}. */
  readonly resources: string;
  /** Native memory that UCX takes for each operation in flight. */
  readonly requestBytes: number;
}

/**
 * One UCP context and worker, owned by the thread that made it. It lives until `close()`: garbage collection does not
 * close it. Every method throws a `TypeError` (`ERR_INVALID_ARG_TYPE`) or `RangeError` (`ERR_OUT_OF_RANGE`) that names
 * a wrong argument, an `Error` with code `ERR_UCX` that names the UCX call and its status, and, but for `close()`,
 * an `Error` with code `ERR_CLOSED` after `close()`.
 */
export declare class Worker {
  /** Blocks for some milliseconds, while UCX looks for devices. @throws `ERR_UCX`: no usable transport, bad UCX_TLS, … */
  constructor(options?: WorkerOptions);

  /** What a peer needs to `connect`: bytes to be exchanged by other means. About 190 bytes, more with more devices. */
  readonly address: Uint8Array;
  /** A napi External of `struct poll_source` (addon-kit/include/poll_source.h) for an event pump; inert after `close()`. */
  readonly source: object;
  /** Control counters at byte 0, command ring at `commandOffset`, event ring at `eventOffset`. Detached by `close()`. */
  readonly rings: ArrayBuffer;
  /** Byte offset in `rings`. */
  readonly commandOffset: number;
  readonly commandSlots: number;
  /** Byte offset in `rings`. */
  readonly eventOffset: number;
  readonly eventSlots: number;
  readonly eagerBytes: number;
  /** Becomes readable, after `arm()` returned true, when `poll()` would find something. Owned by UCX: never close it. */
  readonly eventFd: number;
  /** Endpoints made so far, closed ones included. Throws only `ERR_CLOSED`. */
  readonly endpointCount: number;

  /**
   * Makes an endpoint to the worker with that address. Never blocks: UCX connects while `poll()` makes progress.
   * @returns Endpoint index, 0, 1, 2, …; never used again for another endpoint.
   * @throws `ERR_INVALID_ADDRESS`: not the bytes of a `Worker.address`. `ERR_UCX`: no transport reaches it.
   */
  connect(address: Uint8Array): number;

  /**
   * Allocates and registers memory, page-aligned; may block for long on networks that pin pages. It is not touched here,
   * so that pages come from the NUMA node of whoever touches them first.
   * @param kind `shared`: UCX allocates it so that peers on this node put, get and map it without the kernel.
   *   `private`: anonymous memory with MADV_HUGEPAGE, starting on a 2 MiB boundary; on this node UCX emulates PUT and GET
   *   of it by messages, and it cannot be mapped.
   * @param bytes 1 to 2^32 - 1.
   * @returns Region index, 0, 1, 2, …
   */
  allocate(kind: "shared" | "private", bytes: number): number;

  /**
   * Registers memory that exists, whole, as a region like a `private` one; may block for long on networks that pin pages.
   * It stays the caller's: `close()` lets go of it and does not detach it. Until then it must not be detached (by
   * `transfer` or `structuredClone`), since UCX would go on using its old address.
   * @param memory At least one byte; best on a page boundary, since it shares what pages it touches.
   * @returns Region index, as `allocate`.
   */
  register(memory: ArrayBuffer): number;

  /** The region's memory; the same object each time. Detached by `close()`, unless it was given to `register`. */
  region(index: number): ArrayBuffer;

  /** What a peer needs to PUT, GET or map the region: bytes to be exchanged by other means, a copy. */
  packKey(region: number): Uint8Array;

  /**
   * Makes a packed key of the endpoint's peer usable. PUT and GET with it use offsets from the start of the peer's
   * region and are refused outside of it.
   * @returns Key index, valid for this endpoint until its CLOSE has completed.
   * @throws `ERR_INVALID_KEY`: not the bytes of a packed key. `ERR_NOT_CONNECTED`: the endpoint failed or closed.
   */
  unpackKey(endpoint: number, key: Uint8Array): number;

  /**
   * The peer's whole region, in place; the same object each time, or undefined when the transport cannot (another node,
   * a `private` region) or the key is released. Detached when CLOSE of its endpoint completes, and by `close()`; the
   * death of the peer alone does not detach it.
   */
  map(key: number): ArrayBuffer | undefined;

  /**
   * Once per worker: says where eager payloads of 1 to `slotBytes` bytes land. Until then they come as RENDEZVOUS.
   * @param offset In the region, bytes.
   * @returns The free stack: [0] is the count n, [1] to [n] are the free slots. The addon pops; JavaScript frees slot s
   *   with `stack[++stack[0]] = s`. Slot s starts at `offset + s * slotBytes`. Detached by `close()`.
   * @throws `ERR_STATE`: called before. `ERR_OUT_OF_RANGE`: the slots exceed the region.
   */
  landing(region: number, offset: number, slotBytes: number, slots: number): Int32Array;

  /** Takes all commands now, without progress: for when the ring is full. Never blocks. Throws only `ERR_CLOSED`. */
  post(): void;

  /**
   * What the poll source does: takes all commands, makes some progress, delivers events. Never blocks, but a transfer
   * over shared memory is copied in here. While the event ring is full no progress is made. Needs no `this`.
   * @returns Events not consumed yet. Throws only `ERR_CLOSED`.
   */
  poll(): number;

  /** True: nothing to do, and `eventFd` will tell. False: call `poll()` again. Never blocks. Throws only `ERR_CLOSED`. */
  arm(): boolean;

  /**
   * The transports and devices that UCX chose for the endpoint. Not for hot loops: UCX tells it as text.
   * @throws `ERR_NOT_CONNECTED`: the endpoint failed or closed.
   */
  describe(endpoint: number): EndpointTransports;

  /** What UCX found here, under the `UCX_*` settings of the environment. Not for hot loops. */
  query(): WorkerQuery;

  /**
   * Closes all endpoints by force, releases everything, detaches every ArrayBuffer of this worker. Blocks for at most
   * a second, usually for less than a millisecond. Commands in flight give no event any more. Idempotent.
   * The memory of regions is unmapped: nothing else (io_uring, a native reader) may still use it.
   */
  close(): void;
}

/** UCX's words for a status, e.g. -25: "Connection reset by remote peer". Throws only on a wrong argument. */
export declare function statusText(status: number): string;

/** The version of the UCX library in use, e.g. "1.13.1". Never throws. */
export declare function libraryVersion(): string;
