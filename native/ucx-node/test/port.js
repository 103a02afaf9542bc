// The rings of a Worker as plain objects: convenient for tests, far too slow for real use.
import { COMMAND, CONTROL, EVENT, Worker } from "../index.js";

const recordBytes = 128;
const kinds = Object.fromEntries(Object.entries(EVENT).map(([name, kind]) => [kind, name]));

export class Port {
  constructor(options) {
    this.worker = new Worker(options);
    this.control = new Int32Array(this.worker.rings, 0, 16);
  }

  #record(offset, slots, index) {
    const start = offset + (index & (slots - 1)) * recordBytes;
    const { rings } = this.worker;
    return {
      words: new Int32Array(rings, start, 16),
      doubles: new Float64Array(rings, start, 8),
      header: new Uint8Array(rings, start + 64, 64),
    };
  }

  /** Writes one command; `op` is a name of COMMAND or any number. Takes the ring's commands first when it is full. */
  command(op, fields = {}) {
    const { worker, control } = this;
    if (((control[CONTROL.COMMAND_HEAD] - control[CONTROL.COMMAND_TAIL]) | 0) === worker.commandSlots) worker.post();
    const head = control[CONTROL.COMMAND_HEAD];
    const { words, doubles, header } = this.#record(worker.commandOffset, worker.commandSlots, head);
    const bytes = fields.header ?? new Uint8Array(0);
    words.set([
      COMMAND[op] ?? op,
      fields.endpoint ?? 0,
      fields.amId ?? 0,
      fields.headerBytes ?? bytes.length,
      fields.region ?? -1,
      fields.flags ?? 0,
      fields.cookie ?? -1,
      fields.key ?? fields.descriptor ?? -1,
    ]);
    doubles[4] = fields.offset ?? 0;
    doubles[5] = fields.length ?? 0;
    doubles[6] = fields.remoteOffset ?? 0;
    header.set(bytes);
    control[CONTROL.COMMAND_HEAD] = head + 1;
  }

  /** Consumes at most `limit` events. */
  take(limit = Number.POSITIVE_INFINITY) {
    const { worker, control } = this;
    const events = [];
    while (control[CONTROL.EVENT_TAIL] !== control[CONTROL.EVENT_HEAD] && events.length < limit) {
      const tail = control[CONTROL.EVENT_TAIL];
      const { words, doubles, header } = this.#record(worker.eventOffset, worker.eventSlots, tail);
      const [kind, source, headerBytes, status, slot, descriptor, cookie] = words;
      const [offset, length] = doubles.subarray(4);
      events.push({
        kind: kinds[kind],
        source,
        status,
        slot,
        descriptor,
        cookie,
        offset,
        length,
        header: header.slice(0, headerBytes),
      });
      control[CONTROL.EVENT_TAIL] = tail + 1;
    }
    return events;
  }

  poll() {
    this.worker.poll();
    return this.take();
  }
}

/** Connects two ports of one process and polls both until the endpoint, whose index it returns, is established. */
export function connect(from, to) {
  const endpoint = from.worker.connect(to.worker.address);
  const deadline = performance.now() + 5000;
  from.command("FLUSH", { endpoint, cookie: 0 });
  while (from.poll().length === 0) {
    to.poll();
    if (performance.now() > deadline) throw new Error("no connection within 5 s");
  }
  return endpoint;
}

/**
 * Polls ports of one process until none of them has had an event for a while: UCX moves data in steps that take
 * an unknown number of polls. Returns the events of each port.
 */
export function settle(...ports) {
  const quietMs = 8;
  const quietRounds = 100;
  const events = ports.map(() => []);
  let quietSince = performance.now();
  for (let rounds = 0; rounds < quietRounds || performance.now() - quietSince < quietMs; rounds++) {
    ports.forEach((port, i) => {
      const batch = port.poll();
      if (batch.length === 0) return;
      events[i].push(...batch);
      quietSince = performance.now();
      rounds = 0;
    });
  }
  return events;
}

/** A byte that depends on message and position, so that a shifted, stale or mixed-up payload shows. */
export function fillPattern(bytes, seed) {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (seed * 31 + i + (i >> 8) * 7) & 0xff;
}

/** The first index that is not as fillPattern left it, or -1. */
export function patternMismatch(bytes, seed) {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== ((seed * 31 + i + (i >> 8) * 7) & 0xff)) return i;
  return -1;
}
