// What holds between two processes whatever the transport. The files *.test.ts beside it choose UCX_TLS and run it.
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { fillPattern, type PortEvent, patternMismatch } from "./port.js";
import { type Peer, pollUntil, startPeer } from "./processes.ts";

const slotBytes = 16384;
const regionBytes = 16 << 20;
const receiveOffset = 8 << 20;

export interface Expectation {
  transports: RegExp;
  /** Whether a shared region of the peer can be mapped. */
  maps: boolean;
  /** From the peer's death to ENDPOINT_FAILED, with something in flight. */
  failureLimitMs: number;
}

export function twoProcesses({ transports, maps, failureLimitMs }: Expectation) {
  let peer: Peer;
  let region: number;
  let memory: Uint8Array;
  let stack: Int32Array;

  async function open(role: unknown, slots = 16) {
    peer = await startPeer(role);
    region = peer.port.worker.allocate("private", regionBytes);
    memory = new Uint8Array(peer.port.worker.region(region));
    stack = peer.port.worker.landing(region, 0, slotBytes, slots);
  }
  afterEach(() => peer.close());

  const free = (slot: number) => {
    stack[++stack[0]] = slot;
  };
  const has = (kind: PortEvent["kind"], cookie: number) => (events: PortEvent[]) =>
    events.some((event) => event.kind === kind && event.cookie === cookie);

  it("uses the transports that it was told to", async () => {
    await open("echo");
    peer.port.command("SEND", { header: Uint8Array.of(1) });
    await pollUntil(peer.port, (events) => events.length > 0);
    const { small, large, all } = peer.port.worker.describe(0);
    expect(all).toMatch(transports);
    for (const name of [...small.split(" "), ...large.split(" ")]) expect(all.split(" ")).toContain(name);
    for (const name of all.split(" ")) expect(peer.port.worker.query().resources.split(" ")).toContain(name);
  });

  it("echoes payloads around every protocol switch", async () => {
    await open("echo");
    const { port } = peer;
    const lengths = [0, 1, 63, 64, 65, 91, 92, 93, 1024, 4096, 8191, 8192, 8193, 8256, 8257, 16383, 16384].concat([
      16385,
      65_535,
      65_536,
      262_144,
      524_287,
      524_289,
      1 << 20,
      (4 << 20) - 1,
      4 << 20,
    ]);
    for (const length of lengths) {
      const source = memory.subarray(1 << 20, (1 << 20) + length);
      fillPattern(source, length);
      memory.fill(0, receiveOffset, receiveOffset + length);
      const header = new Uint8Array(Uint32Array.of(length).buffer);
      port.command("SEND", { header, region, offset: 1 << 20, length, cookie: 1 });
      const isAnswer = ({ kind }: PortEvent) => kind === "MESSAGE" || kind === "RENDEZVOUS";
      const events = await pollUntil(port, (all) => all.some(isAnswer) && has("COMPLETED", 1)(all));
      const answer = events.find(isAnswer)!;
      expect(new Uint32Array(answer.header.buffer)[0]).toBe(length);
      let { offset } = answer;
      if (answer.kind === "RENDEZVOUS") {
        offset = receiveOffset;
        port.command("RECV", { descriptor: answer.descriptor, region, offset, length, cookie: 2 });
        expect((await pollUntil(port, has("RECEIVED", 2))).at(-1)).toMatchObject({ status: 0, length });
      }
      expect([length, answer.length]).toEqual([length, length]);
      expect([length, patternMismatch(memory.subarray(offset, offset + length), length)]).toEqual([length, -1]);
      if (answer.slot >= 0) free(answer.slot);
    }
  });

  it("delivers 100,000 messages in order with their content", { timeout: 60_000 }, async () => {
    const messages = 100_000;
    const payloadBytes = 200;
    await open({ flood: { messages, payloadBytes, window: 256 } }, 16);
    let next = 0;
    let wrong = 0;
    await pollUntil(
      peer.port,
      (events) => {
        for (const { header, offset, slot, length } of events.splice(0)) {
          const [number, check] = new Uint32Array(header.buffer);
          if (number !== next || check !== (number ^ 0x5a5a5a5a) >>> 0 || length !== payloadBytes) wrong++;
          if (patternMismatch(memory.subarray(offset, offset + length), number) !== -1) wrong++;
          free(slot);
          next++;
        }
        return next === messages;
      },
      30_000,
    );
    expect(wrong).toBe(0);
  });

  it("puts, gets and maps the peer's memory", async () => {
    await open("echo");
    const { port, endpoint } = peer;
    const key = port.worker.unpackKey(endpoint, peer.key);
    const length = 3_000_001;
    const remoteOffset = (4 << 20) + 5;
    fillPattern(memory.subarray(1 << 20, (1 << 20) + length), 5);
    port.command("PUT", { region, offset: 1 << 20, length, key, remoteOffset, cookie: 1 });
    expect(await pollUntil(port, has("COMPLETED", 1))).toMatchObject([{ status: 0 }]);
    const { bytes } = await peer.ask({ read: { offset: remoteOffset, length } });
    expect(patternMismatch(bytes, 5)).toBe(-1);

    await peer.ask({ fill: { offset: remoteOffset, length, seed: 6 } });
    port.command("GET", { region, offset: receiveOffset, length, key, remoteOffset, cookie: 2 });
    expect(await pollUntil(port, has("COMPLETED", 2))).toMatchObject([{ status: 0 }]);
    expect(patternMismatch(memory.subarray(receiveOffset, receiveOffset + length), 6)).toBe(-1);

    const mapping = port.worker.map(key);
    expect(mapping !== undefined).toBe(maps);
    if (!mapping) return;
    expect(patternMismatch(new Uint8Array(mapping, remoteOffset, length), 6)).toBe(-1);
    fillPattern(new Uint8Array(mapping, remoteOffset, length), 7);
    expect(patternMismatch((await peer.ask({ read: { offset: remoteOffset, length } })).bytes, 7)).toBe(-1);
  });

  it("loses nothing by a CLOSE right behind the messages", async () => {
    await open("count");
    const { port } = peer;
    const messages = 5000;
    for (let i = 0; i < messages; i++) port.command("SEND", { header: new Uint8Array(64).fill(i) });
    port.command("CLOSE", { cookie: 1 });
    expect(await pollUntil(port, has("COMPLETED", 1))).toMatchObject([{ status: 0 }]);
    let received = 0;
    for (let i = 0; i < 50 && received < messages; i++) {
      received = (await peer.ask({ count: true })).messages;
      await setTimeout(20);
    }
    expect(received).toBe(messages);
  });

  it("arms only while there is nothing to do", async () => {
    await open("echo");
    const { port } = peer;
    const arm = () => {
      const deadline = performance.now() + 2000;
      while (!port.worker.arm() && performance.now() < deadline) port.poll();
      return port.worker.arm();
    };
    const send = (byte: number) => port.command("SEND", { header: Uint8Array.of(byte) });
    send(1);
    await pollUntil(port, (events) => events.length > 0);
    expect(arm()).toBe(true);
    send(2);
    expect(port.worker.arm()).toBe(false); // a command that nobody has taken
    port.worker.post();
    const answered = performance.now() + 2000;
    while (port.worker.poll() === 0 && performance.now() < answered);
    expect(port.worker.arm()).toBe(false); // the answer, in the event ring
    expect(port.take().map(({ header }) => header[0])).toEqual([2]);
    expect(arm()).toBe(true);
  });

  it("waits for a peer that is stopped for longer than the keepalive interval", async () => {
    await open("echo");
    const { port } = peer;
    port.command("SEND", { header: Uint8Array.of(1) });
    await pollUntil(port, (events) => events.length > 0);
    peer.child.kill("SIGSTOP");
    port.command("SEND", { header: Uint8Array.of(2) });
    const quiet = performance.now() + 1500;
    while (performance.now() < quiet) {
      expect(port.poll()).toEqual([]);
      await setTimeout(1);
    }
    peer.child.kill("SIGCONT");
    expect(await pollUntil(port, (events) => events.length > 0)).toMatchObject([{ kind: "MESSAGE" }]);
  });

  it("fails the endpoint when the peer closes its own", async () => {
    await open("echo");
    const { port } = peer;
    port.command("SEND", { header: Uint8Array.of(1) });
    await pollUntil(port, (events) => events.length > 0);
    await peer.ask({ close: true });
    const [{ kind }, ...rest] = await pollUntil(port, (events) => events.length > 0);
    expect([kind, rest]).toEqual(["ENDPOINT_FAILED", []]);
  });

  describe("when the peer is killed", () => {
    async function kill() {
      peer.child.kill("SIGKILL");
      await once(peer.child, "exit");
      return performance.now();
    }
    const failedOnce = (events: PortEvent[]) => events.filter(({ kind }) => kind === "ENDPOINT_FAILED").length === 1;

    it("fails the endpoint once and completes everything in flight", async () => {
      await open("echo");
      const { port, endpoint } = peer;
      const key = port.worker.unpackKey(endpoint, peer.key);
      const rendezvous = { region, offset: 1 << 20, length: 1 << 20 };
      port.command("SEND", { ...rendezvous, cookie: 0 });
      await pollUntil(port, has("COMPLETED", 0));
      const killedAt = await kill();
      const cookies: number[] = [];
      const issue = (op: "SEND" | "GET" | "FLUSH", fields: object) => {
        port.command(op, { ...fields, cookie: cookies.length + 1 });
        cookies.push(cookies.length + 1);
      };
      for (let i = 0; i < 20; i++) issue("SEND", { header: Uint8Array.of(1) });
      for (let i = 0; i < 4; i++) issue("SEND", rendezvous);
      issue("FLUSH", {});
      const events = await pollUntil(port, failedOnce);
      expect(performance.now() - killedAt).toBeLessThan(failureLimitMs);
      issue("SEND", {});
      issue("GET", { region, length: 100, key });
      const done = (all: PortEvent[]) => cookies.every((cookie) => has("COMPLETED", cookie)(all));
      events.push(...(await pollUntil(port, (later) => done([...events, ...later]))));
      const completed = events.filter(({ kind, cookie }) => kind === "COMPLETED" && cookie > 0);
      expect(completed.map(({ cookie }) => cookie).sort((x, y) => x - y)).toEqual(cookies);
      const failure = events.find(({ kind }) => kind === "ENDPOINT_FAILED")!.status;
      expect(failure).toBeLessThan(0);
      for (const { cookie, status } of completed)
        if (cookie > 20 && cookie <= 24) expect(status).toBeLessThan(0);
        else if (cookie > 25) expect(status).toBe(failure);

      port.command("CLOSE", { endpoint, cookie: 1000 });
      const [closed, ...rest] = await pollUntil(port, has("COMPLETED", 1000));
      expect(closed).toMatchObject({ cookie: 1000, status: 0 });
      expect(rest).toEqual([]);
    });

    it("also when the first rendezvous of the endpoint is in flight", async () => {
      await open("silent");
      const { port } = peer;
      port.command("SEND", { region, offset: 1 << 20, length: 1 << 20, cookie: 1 });
      await pollUntil(port, () => true);
      const killedAt = await kill();
      const events = await pollUntil(port, (all) => failedOnce(all) && has("COMPLETED", 1)(all));
      expect(performance.now() - killedAt).toBeLessThan(failureLimitMs);
      expect(events.find(({ kind }) => kind === "COMPLETED")!.status).toBeLessThan(0);
    });

    it("also when it has long stopped to take messages", async () => {
      await open("echo");
      const { port } = peer;
      port.command("SEND", { header: Uint8Array.of(1) });
      await pollUntil(port, (events) => events.length > 0);
      peer.child.kill("SIGSTOP");
      const count = 2000;
      const length = 12_000;
      for (let i = 0; i < count; i++) port.command("SEND", { region, offset: 1 << 20, length, cookie: i });
      await setTimeout(200);
      const early = port.poll();
      expect(early.length).toBeLessThan(count);
      const killedAt = await kill();
      const events = await pollUntil(port, (all) => failedOnce(all) && early.length + all.length === count + 1);
      expect(performance.now() - killedAt).toBeLessThan(failureLimitMs);
      expect(new Set([...early, ...events].map(({ cookie }) => cookie)).size).toBe(count + 1);
    });

    it("ends a CLOSE that waits for it", async () => {
      await open("silent");
      const { port } = peer;
      port.command("SEND", { region, offset: 1 << 20, length: 1 << 20, cookie: 1 });
      port.command("CLOSE", { cookie: 2 });
      port.poll();
      await kill();
      const events = await pollUntil(port, (all) => has("COMPLETED", 1)(all) && has("COMPLETED", 2)(all));
      expect(events.find(({ cookie }) => cookie === 1)!.status).toBeLessThan(0);
    });

    it("ends a RECV whose sender is gone", async () => {
      await open({ flood: { messages: 1, payloadBytes: 1 << 20, window: 1 } });
      const { port } = peer;
      const [{ descriptor }] = await pollUntil(port, (events) => events.length > 0);
      await kill();
      port.command("RECV", { descriptor, region, offset: receiveOffset, length: 1 << 20, cookie: 1 });
      const events = await pollUntil(port, has("RECEIVED", 1));
      expect(events.find(({ kind }) => kind === "RECEIVED")!.status).toBeLessThan(0);
    });

    it("leaves a new endpoint to a new peer usable", async () => {
      await open("echo");
      await kill();
      peer.port.command("SEND", { header: Uint8Array.of(1) });
      await pollUntil(peer.port, failedOnce);
      const dead = peer;
      await open("echo");
      peer.port.command("SEND", { header: Uint8Array.of(2) });
      const [{ header }] = await pollUntil(peer.port, (events) => events.length > 0);
      expect(header[0]).toBe(2);
      await dead.close();
    });
  });
}
