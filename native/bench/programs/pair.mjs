// One side of a pair that talks through the rings of ucx-node in an event pump: preset records, integer stores.
// anchors/pair.c is the same program in C.
//   node pair.mjs client|server requests|get|map|send BYTES WINDOW
// requests: BYTES of header both ways; get, map: 64-byte headers, and the server fetches or copies BYTES of the client's
// memory before it answers; send: the client sends BYTES with each header and waits for no answer.
// Each process prints a line, ADDRESS KEY, and reads that of its peer. The client then prints the requests per second,
// the median over batches.
import { readSync } from "node:fs";
import { Pump } from "../../event-pump/index.js";
import { COMMAND, CONTROL, EVENT, Worker } from "../../ucx-node/index.js";

const [role, mode, ...numbers] = process.argv.slice(2);
const [bytes, window] = numbers.map(Number);
const { COMMAND_HEAD, EVENT_HEAD, EVENT_TAIL } = CONTROL;
const recordWords = 32;
const headerWord = 16;
const headerBytes = mode === "requests" ? bytes : 64;
const payloadBytes = mode === "requests" ? 0 : bytes;
const client = role === "client";
const stop = -1;

const worker = new Worker();
const words = new Int32Array(worker.rings);
const doubles = new Float64Array(worker.rings);
const commandBase = worker.commandOffset / 4;
const eventBase = worker.eventOffset / 4;
const region = worker.allocate(client ? "shared" : "private", Math.max(4096, payloadBytes * window));
const memory = worker.region(region);
new Int32Array(memory).fill(0x5a5a5a5a);

console.log(`${hex(worker.address)} ${hex(worker.packKey(region))}`);
const [peerAddress, peerKey] = readLine()
  .split(" ")
  .map((text) => Buffer.from(text, "hex"));
const endpoint = worker.connect(peerAddress);
const key = worker.unpackKey(endpoint, peerKey);

/** What a message and the end of a transfer do; `answered` counts both. */
let onMessage = () => {};
let onCompleted = () => {};
let afterDrain = () => {};
let answered = 0;
/** From here on the peer may go. */
let ending = false;
const pump = new Pump([worker.source], drain, { sliceUs: 50, spinUs: 1e6, yieldUs: 0 });
pump.start();
if (client) {
  const perBatch = payloadBytes === 0 ? 64 : 2 * window;
  const batches = payloadBytes === 0 ? 40_000 : Math.floor(2 ** 31 / payloadBytes / perBatch);
  measure(mode === "send" ? sendPayload : send, batches, perBatch);
} else serve();

function hex(view) {
  return Buffer.from(view).toString("hex");
}

function readLine() {
  const chunk = Buffer.alloc(65536);
  let text = "";
  while (!text.includes("\n")) text += chunk.toString("latin1", 0, readSync(0, chunk));
  return text.trim();
}

/** The number goes in the header. */
function send(number) {
  const head = words[COMMAND_HEAD];
  const at = commandBase + (head & (worker.commandSlots - 1)) * recordWords;
  words[at] = COMMAND.SEND;
  words[at + 1] = endpoint;
  words[at + 2] = 0;
  words[at + 3] = headerBytes;
  words[at + 4] = -1;
  words[at + 6] = -1;
  words[at + headerWord] = number;
  words[COMMAND_HEAD] = head + 1;
}

function transfer(op, slot) {
  const head = words[COMMAND_HEAD];
  const at = commandBase + (head & (worker.commandSlots - 1)) * recordWords;
  words[at] = op;
  words[at + 1] = endpoint;
  words[at + 4] = region;
  words[at + 6] = slot;
  words[at + 7] = key;
  doubles[at / 2 + 4] = slot * payloadBytes;
  doubles[at / 2 + 5] = payloadBytes;
  doubles[at / 2 + 6] = slot * payloadBytes;
  words[COMMAND_HEAD] = head + 1;
}

function sendPayload(slot) {
  const head = words[COMMAND_HEAD];
  const at = commandBase + (head & (worker.commandSlots - 1)) * recordWords;
  words[at] = COMMAND.SEND;
  words[at + 1] = endpoint;
  words[at + 2] = 0;
  words[at + 3] = headerBytes;
  words[at + 4] = region;
  words[at + 6] = slot;
  doubles[at / 2 + 4] = slot * payloadBytes;
  doubles[at / 2 + 5] = payloadBytes;
  words[at + headerWord] = slot;
  words[COMMAND_HEAD] = head + 1;
}

/** Brings the payload of a message into a slot. */
function receive(slot, descriptor) {
  const head = words[COMMAND_HEAD];
  const at = commandBase + (head & (worker.commandSlots - 1)) * recordWords;
  words[at] = COMMAND.RECV;
  words[at + 4] = region;
  words[at + 6] = slot;
  words[at + 7] = descriptor;
  doubles[at / 2 + 4] = slot * payloadBytes;
  doubles[at / 2 + 5] = payloadBytes;
  words[COMMAND_HEAD] = head + 1;
}

function drain() {
  const head = words[EVENT_HEAD];
  for (let tail = words[EVENT_TAIL]; tail !== head; tail = (tail + 1) | 0) {
    const at = eventBase + (tail & (worker.eventSlots - 1)) * recordWords;
    if (words[at + 3] !== 0 && !ending) throw new Error(`${mode}: status ${words[at + 3]}`);
    answered++;
    if (words[at] === EVENT.MESSAGE) onMessage(words[at + headerWord]);
    else if (words[at] === EVENT.RENDEZVOUS) receive(words[at + headerWord], words[at + 5]);
    else onCompleted(words[at + 6]);
  }
  words[EVENT_TAIL] = head;
  afterDrain();
}

/** Keeps `window` of them in flight until all batches are done, and prints the median of their rates. */
function measure(issue, batches, perBatch) {
  const rates = [];
  let warmUp = Math.floor(batches / 10);
  let started = performance.now();
  onMessage = issue;
  onCompleted = issue;
  afterDrain = () => {
    if (answered < perBatch) return;
    const now = performance.now();
    if (--warmUp < 0) rates.push((answered * 1000) / (now - started));
    started = now;
    answered = 0;
    if (rates.length === batches) {
      console.log(rates.toSorted((a, b) => a - b)[batches >> 1]);
      lastAnswers();
    }
  };
  for (let slot = 0; slot < window; slot++) issue(slot);
}

function lastAnswers() {
  onMessage = () => {};
  onCompleted = () => {};
  afterDrain = () => {
    if (answered < window) return;
    afterDrain = () => {};
    send(stop);
    ending = true;
    setTimeout(end, 50);
  };
}

function end() {
  pump.stop();
  worker.close();
}

function serve() {
  const answer = handler();
  onMessage = (number) => {
    if (number === stop) setTimeout(end);
    else answer(number);
  };
  onCompleted = mode === "send" ? () => {} : send;
}

function handler() {
  if (mode === "get") return (slot) => transfer(COMMAND.GET, slot);
  if (mode !== "map") return send;
  const slots = (buffer) =>
    Array.from({ length: window }, (_, slot) => new Uint8Array(buffer, slot * payloadBytes, payloadBytes));
  const theirs = slots(worker.map(key));
  const own = slots(memory);
  return (slot) => {
    own[slot].set(theirs[slot]);
    send(slot);
  };
}
