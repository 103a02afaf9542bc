// 8-byte round trips and a window of 32 requests between two pinned processes, beside ucx_perftest.
//   node bench/pingpong.mjs [rounds]      UCX_TLS chooses the transports; cores 0 and 1
// Our figures include JavaScript at both ends: a handler that reads the event and writes the command.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { COMMAND, CONTROL, Worker } from "../index.js";

const recordWords = 32;
const headerWord = 16;
const headerBytes = 8;
// Batches so short that most of them are not preempted on a busy machine, as the single trips of ucx_perftest are not.
const requestsPerBatch = 64;
const batches = 5000;
const { COMMAND_HEAD, EVENT_TAIL } = CONTROL;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** What a user of the rings writes: preset records, integer stores, one poll per turn. */
class Side {
  constructor() {
    this.worker = new Worker();
    this.words = new Int32Array(this.worker.rings);
    this.commandBase = this.worker.commandOffset / 4;
    this.eventBase = this.worker.eventOffset / 4;
  }

  send(number) {
    const { words } = this;
    const head = words[COMMAND_HEAD];
    const at = this.commandBase + (head & (this.worker.commandSlots - 1)) * recordWords;
    words[at] = COMMAND.SEND;
    words[at + 1] = 0;
    words[at + 2] = 0;
    words[at + 3] = headerBytes;
    words[at + 4] = -1;
    words[at + 6] = -1;
    words[at + headerWord] = number;
    words[at + headerWord + 1] = ~number;
    words[COMMAND_HEAD] = head + 1;
  }

  /** Polls once and gives each message's number to `handle`; returns how many there were. */
  drain(handle) {
    const { words } = this;
    const count = this.worker.poll();
    for (let i = 0; i < count; i++) {
      const tail = words[EVENT_TAIL];
      const at = this.eventBase + (tail & (this.worker.eventSlots - 1)) * recordWords;
      handle(words[at + headerWord]);
      words[EVENT_TAIL] = tail + 1;
    }
    return count;
  }
}

async function serve(side) {
  const echo = (number) => side.send(number);
  for (;;) {
    for (let quiet = 0; quiet < 200_000; quiet++) if (side.drain(echo) > 0) quiet = 0;
    await setTimeout(1);
  }
}

/** Microseconds per answered request with that many requests in flight: the median of batch averages. */
function measure(side, window) {
  const perRequestUs = [];
  let sent = 0;
  const more = () => side.send(sent++);
  for (let i = 0; i < window; i++) more();
  for (let batch = 0; batch < batches; batch++) {
    const started = performance.now();
    for (let answered = 0; answered < requestsPerBatch; ) answered += side.drain(more);
    perRequestUs.push(((performance.now() - started) * 1000) / requestsPerBatch);
  }
  for (let answered = 0; answered < window; ) answered += side.drain(() => {});
  return median(perRequestUs);
}

async function play(role) {
  const side = new Side();
  process.send(side.worker.address);
  const [peer] = await once(process, "message");
  side.worker.connect(peer);
  if (role === "server") return serve(side);
  measure(side, 1); // warm-up of both ends
  process.send({ tripUs: measure(side, 1), windowUs: measure(side, 32), transports: side.worker.describe(0) });
}

function pinned(core, command, args, options) {
  return spawn("taskset", ["-c", `${core}`, command, ...args], options);
}

async function ours() {
  const start = (core, role) =>
    pinned(core, process.execPath, [fileURLToPath(import.meta.url), role], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
    });
  const server = start(0, "server");
  const client = start(1, "client");
  const [[serverAddress], [clientAddress]] = await Promise.all([once(server, "message"), once(client, "message")]);
  server.send(clientAddress);
  client.send(serverAddress);
  const [result] = await once(client, "message");
  client.kill();
  server.kill();
  await Promise.all([once(client, "exit"), once(server, "exit")]);
  return result;
}

/** ucx_perftest reports half a round trip, in microseconds, as its 50th percentile. */
async function perftest(test, port) {
  const args = ["-p", `${port}`, "-t", test, "-s", "8", "-n", "500000"];
  const server = pinned(0, "ucx_perftest", args, { stdio: "ignore" });
  await setTimeout(300);
  const client = spawnSync("taskset", ["-c", "1", "ucx_perftest", "127.0.0.1", ...args, "-v", "-f"], {
    encoding: "utf8",
  });
  if (server.exitCode === null) await once(server, "exit");
  const fields = client.stdout.trim().split("\n").at(-1).split(",").map(Number);
  return { latencyUs: fields[1], messageRate: fields.at(-1) };
}

async function main(rounds) {
  const rows = [];
  for (let round = 0; round < rounds; round++) {
    const { tripUs, windowUs, transports } = await ours();
    const { latencyUs } = await perftest("ucp_am_lat", 13_400 + round);
    rows.push({ tripUs, perftestTripUs: latencyUs * 2, windowUs, transports });
  }
  const column = (name) => median(rows.map((row) => row[name]));
  const tripUs = column("tripUs");
  const perftestTripUs = column("perftestTripUs");
  console.log(`transports: ${rows[0].transports}; medians of ${rounds} alternated rounds`);
  console.log(`8-byte round trip   ${tripUs.toFixed(3)} us, ucx_perftest p50*2 ${perftestTripUs.toFixed(3)} us,`);
  console.log(`                    ratio ${(tripUs / perftestTripUs).toFixed(2)}`);
  console.log(`window 32           ${(1 / column("windowUs")).toFixed(2)} M requests/s`);
}

const [argument = "3"] = process.argv.slice(2);
if (process.send) await play(argument);
else await main(Number(argument));
