import { createRequire } from "node:module";

const addon = load();

function load() {
  try {
    return createRequire(import.meta.url)("./build/napi_io_uring.node");
  } catch (error) {
    throw new Error(
      `napi-io-uring: the addon does not load (${error.message}). Install liburing 2.3 or newer ` +
        "(Debian: liburing-dev, Spack: liburing), then run `make` in the folder of napi-io-uring.",
      { cause: error },
    );
  }
}

/** In the order of `enum op` in src/ring.h. */
export const OP = Object.freeze({
  NOP: 0,
  READ: 1,
  WRITE: 2,
  FSYNC: 3,
  FDATASYNC: 4,
  FALLOCATE: 5,
  READV: 6,
  WRITEV: 7,
  OPENAT: 8,
  CLOSE: 9,
  STATX: 10,
  UNLINKAT: 11,
  RENAMEAT: 12,
  TIMEOUT: 13,
  CANCEL: 14,
});

export const allocate = addon.allocate;

export class Ring {
  #native;
  #words;

  constructor({ entries = 256, maxFiles = 64, sqPoll = false, ioPoll = false } = {}) {
    const native = addon.create(entries, maxFiles, sqPoll, ioPoll);
    this.#native = native;
    this.#words = new Int32Array(native.rings);
    this.rings = native.rings;
    this.commandOffset = native.commandOffset;
    this.commandSlots = native.commandSlots;
    this.completionOffset = native.completionOffset;
    this.completionSlots = native.completionSlots;
    this.source = native.source;
    this.flags = native.flags;
    this.eventFd = native.eventFd;
  }

  get inFlight() {
    return this.#words[4];
  }

  registerBuffers(buffers) {
    // A copy: what the caller does to its array must not let the buffers be collected.
    this.#native.registerBuffers(Array.from(buffers));
  }

  addBuffer(buffer) {
    return this.#native.addBuffer(buffer);
  }

  registerFile(fd) {
    return this.#native.registerFile(fd);
  }

  updateFile(index, fd) {
    this.#native.updateFile(index, fd);
  }

  unregisterFile(index) {
    this.#native.unregisterFile(index);
  }

  setWorkerAffinity(cpus) {
    this.#native.setWorkerAffinity(cpus);
  }

  submit() {
    this.#native.submit();
  }

  poll() {
    return this.#native.poll();
  }

  close() {
    this.#native.close();
  }
}
