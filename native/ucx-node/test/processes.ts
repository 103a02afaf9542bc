// The parent's end of peer.js.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { WorkerOptions } from "../index.js";
import { Port, type PortEvent } from "./port.js";

/** What peer.js sends: one of these fields at a time. */
export interface Answer {
  address: Uint8Array;
  key: Uint8Array;
  bytes: Uint8Array;
  failed: number;
  messages: number;
}

export interface Peer {
  port: Port;
  endpoint: number;
  child: ChildProcess;
  /** The peer's packed key for its region. */
  key: Uint8Array;
  ask(request: object): Promise<Answer>;
  close(): Promise<void>;
}

export async function startPeer(role: unknown, options?: WorkerOptions): Promise<Peer> {
  const child = fork(new URL("./peer.js", import.meta.url), { serialization: "advanced", execArgv: [] });
  const port = new Port(options);
  const answer = async () => (await once(child, "message"))[0] as Answer;
  const ask = (request: object) => {
    const answered = answer();
    child.send(request);
    return answered;
  };
  const { address, key } = await answer();
  const endpoint = port.worker.connect(address);
  await ask({ connect: port.worker.address, role });
  const close = async () => {
    port.worker.close();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  };
  return { port, endpoint, child, key, ask, close };
}

/** Polls until `done` says so about all events so far; fails after `limitMs`. */
export async function pollUntil(
  port: Port,
  done: (events: PortEvent[]) => boolean,
  limitMs = 5000,
): Promise<PortEvent[]> {
  const events: PortEvent[] = [];
  const deadline = performance.now() + limitMs;
  for (;;) {
    events.push(...port.poll());
    if (done(events)) return events;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms; events: ${JSON.stringify(events)}`);
    await setImmediate();
  }
}
