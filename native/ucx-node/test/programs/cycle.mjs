// cycle.mjs OPERATIONS: messages and transfers of every kind between two workers of one process; now and then an
// endpoint, and a worker.
import { printGrowth } from "../../../addon-kit/test/growth.mjs";
import { connect, Port, settle } from "../port.js";

const a = new Port();
const b = new Port();
const endpoint = connect(a, b);
const shared = b.worker.allocate("shared", 1 << 20);
const local = a.worker.allocate("private", 1 << 20);
a.worker.register(new ArrayBuffer(65536));
const stack = b.worker.landing(shared, 1 << 19, 1024, 8);
const key = a.worker.unpackKey(endpoint, b.worker.packKey(shared));
const header = new Uint8Array(64);

/** Polls both until `port` has an event of the kind. */
function next(port, kind) {
  const deadline = performance.now() + 10_000;
  for (;;) {
    (port === a ? b : a).worker.poll();
    const [event] = port.poll();
    if (event?.kind === kind) return event;
    if (event !== undefined || performance.now() > deadline) throw new Error(`${event?.kind} instead of ${kind}`);
  }
}

function cycle(number) {
  a.command("SEND", { endpoint, header });
  next(b, "MESSAGE");
  a.command("SEND", { endpoint, header, region: local, length: 1000 });
  stack[++stack[0]] = next(b, "MESSAGE").slot;
  a.command("SEND", { endpoint, header, region: local, length: 100_000, cookie: 1 });
  b.command("RECV", { region: shared, length: 100_000, descriptor: next(b, "RENDEZVOUS").descriptor, cookie: 1 });
  next(b, "RECEIVED");
  next(a, "COMPLETED");
  a.command("SEND", { endpoint, region: local, length: 100_000, cookie: 1 });
  b.command("DROP", { descriptor: next(b, "RENDEZVOUS").descriptor });
  next(a, "COMPLETED");
  a.command("PUT", { endpoint, region: local, length: 5000, key, cookie: 1 });
  next(a, "COMPLETED");
  a.command("GET", { endpoint, region: local, length: 5000, key, cookie: 1 });
  next(a, "COMPLETED");
  a.command("FLUSH", { endpoint, cookie: 1 });
  next(a, "COMPLETED");
  a.command("SEND", { endpoint, region: local, length: 2 << 20, cookie: 1 });
  next(a, "COMPLETED");
  if (number % 500 === 0) {
    const short = new Port();
    const other = connect(short, b);
    short.worker.map(short.worker.unpackKey(other, b.worker.packKey(shared)));
    short.command("CLOSE", { endpoint: other, cookie: 1 });
    settle(short, b);
    short.worker.close();
  }
}

await printGrowth(Number(process.argv[2]), 8, cycle);
a.worker.close();
b.worker.close();
