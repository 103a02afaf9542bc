// The other process of a test. Its parent forks it, exchanges addresses and keys over IPC, and then talks UCX to it.
//   echo    sends every message back: same header, same payload
//   flood   sends `messages` messages, numbered in the header, of `payloadBytes` bytes
//   count   takes messages without payload and tells how many there were
//   silent  makes no progress at all once connected
import { fillPattern, Port } from "./port.js";

const slotBytes = 16384;
const slots = 64;
const regionBytes = 32 << 20;
const echoOffset = slotBytes * slots;

const port = new Port({ amIds: 4 });
const { worker } = port;
const region = worker.allocate("shared", regionBytes);
const memory = new Uint8Array(worker.region(region));
const stack = worker.landing(region, 0, slotBytes, slots);

function free(slot) {
  stack[0]++;
  stack[stack[0]] = slot;
}

const rendezvousCookie = 1 << 20;
let rendezvousHeader;
const waiting = []; // One rendezvous at a time: they share the memory behind the landing slots.

function receiveNext() {
  if (rendezvousHeader || waiting.length === 0) return;
  const { descriptor, header } = waiting.shift();
  rendezvousHeader = header;
  port.command("RECV", { descriptor, region, offset: echoOffset, length: regionBytes - echoOffset, cookie: 0 });
}

function echo(event) {
  const { kind, slot, length, offset, header } = event;
  if (kind === "MESSAGE" && slot < 0) port.command("SEND", { header });
  else if (kind === "MESSAGE") port.command("SEND", { header, region, offset, length, cookie: slot });
  else if (kind === "RENDEZVOUS") waiting.push(event);
  else if (kind === "RECEIVED")
    port.command("SEND", { header: rendezvousHeader, region, offset: echoOffset, length, cookie: rendezvousCookie });
  else if (kind === "COMPLETED" && event.cookie === rendezvousCookie) rendezvousHeader = undefined;
  else if (kind === "COMPLETED") free(event.cookie);
  receiveNext();
}

let counting = false;
let messages = 0;
let flooding;
function flood() {
  if (!flooding) return;
  const { messages, payloadBytes, window } = flooding;
  while (flooding.sent < messages && flooding.sent - flooding.completed < window) {
    const number = flooding.sent++;
    const offset = echoOffset + (number % window) * payloadBytes;
    fillPattern(memory.subarray(offset, offset + payloadBytes), number);
    const header = new Uint8Array(Uint32Array.of(number, number ^ 0x5a5a5a5a).buffer);
    port.command("SEND", { header, region, offset, length: payloadBytes, cookie: 0 });
  }
}

function turn() {
  for (const event of port.poll()) {
    if (flooding && event.kind === "COMPLETED") flooding.completed++;
    else if (counting) messages++;
    else if (!flooding) echo(event);
    if (event.kind === "ENDPOINT_FAILED") process.send({ failed: event.status });
  }
  flood();
  setImmediate(turn);
}

process.on("message", ({ connect, role, fill, read, count, close }) => {
  if (connect) {
    worker.connect(connect);
    counting = role === "count";
    if (role?.flood) flooding = { ...role.flood, sent: 0, completed: 0 };
    process.send({ connected: true });
    if (role !== "silent") turn();
  }
  if (fill) {
    fillPattern(memory.subarray(fill.offset, fill.offset + fill.length), fill.seed);
    process.send({ filled: true });
  }
  if (close) {
    port.command("CLOSE", { endpoint: 0 });
    process.send({ closing: true });
  }
  if (count) process.send({ messages });
  if (read) process.send({ bytes: memory.slice(read.offset, read.offset + read.length) });
});
process.on("disconnect", () => process.exit());
process.send({ address: worker.address, key: worker.packKey(region) });
