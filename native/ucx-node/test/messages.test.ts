import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkerOptions } from "../index.js";
import { connect, fillPattern, Port, type PortEvent, patternMismatch, settle } from "./port.js";

const regionBytes = 8 << 20;
const slotBytes = 16384;
const landingBytes = 16 * slotBytes;

class Side extends Port {
  readonly region = this.worker.allocate("shared", regionBytes);
  readonly memory = new Uint8Array(this.worker.region(this.region));
  readonly seen: PortEvent[] = [];

  of(kind: PortEvent["kind"]) {
    return this.seen.filter((event) => event.kind === kind);
  }
}

let a: Side;
let b: Side;

function open(receiver?: WorkerOptions) {
  a = new Side();
  b = new Side(receiver);
  connect(a, b);
}

function turn() {
  const [ofA, ofB] = settle(a, b);
  a.seen.push(...ofA);
  b.seen.push(...ofB);
}

beforeEach(() => open({ amIds: 3 }));
afterEach(() => {
  a.worker.close();
  b.worker.close();
});

const text = (event: PortEvent) => Buffer.from(event.header).toString();

describe("SEND", () => {
  it("delivers headers of every length", () => {
    for (let length = 0; length <= 64; length++)
      a.command("SEND", { amId: length % 3, header: new Uint8Array(length).fill(length), cookie: length });
    turn();
    expect(b.seen.map(({ source, header }) => [source, header.length])).toEqual(
      Array.from({ length: 65 }, (_, length) => [length % 3, length]),
    );
    for (const { header } of b.seen) expect(header.every((byte) => byte === header.length)).toBe(true);
    expect(a.of("COMPLETED").map(({ cookie, status }) => [cookie, status])).toEqual(
      Array.from({ length: 65 }, (_, cookie) => [cookie, 0]),
    );
  });

  it("posts no COMPLETED without a cookie", () => {
    a.command("SEND", { header: new Uint8Array(8) });
    turn();
    expect(a.seen).toEqual([]);
    expect(b.seen).toHaveLength(1);
  });

  // Around the short, bcopy, multi-fragment, landing-slot and rendezvous limits.
  const lengths = [1, 63, 64, 65, 91, 92, 93, 1023, 4096, 8191, 8192, 8193, 8255, 8256, 8257, 16383, 16384]
    .concat([16385, 65536, 262_143, 524_288, 1_048_577, 4 << 20])
    .map((length) => [length]);
  it.each(lengths)("delivers a payload of %d bytes intact", (length) => {
    b.worker.landing(b.region, 0, slotBytes, 16);
    const source = a.memory.subarray(3, 3 + length);
    fillPattern(source, length);
    a.command("SEND", { header: Buffer.from("h"), region: a.region, offset: 3, length, cookie: 1 });
    turn();
    let [{ kind, descriptor, offset }] = b.seen;
    expect(b.seen[0].length).toBe(length);
    expect(kind).toBe(length <= slotBytes ? "MESSAGE" : "RENDEZVOUS");
    if (kind === "RENDEZVOUS") {
      offset = landingBytes + 5;
      b.memory.fill(0xee);
      b.command("RECV", { descriptor, region: b.region, offset, length, cookie: 7 });
      turn();
      expect(b.of("RECEIVED")).toMatchObject([{ status: 0, descriptor, cookie: 7, length }]);
      expect([b.memory[offset - 1], b.memory[offset + length]]).toEqual([0xee, 0xee]);
    }
    expect(patternMismatch(b.memory.subarray(offset, offset + length), length)).toBe(-1);
    expect(a.seen).toMatchObject([{ kind: "COMPLETED", status: 0, cookie: 1 }]);
  });

  it("keeps order when the event ring overflows", () => {
    a.worker.close();
    b.worker.close();
    open({ eventSlots: 4 });
    const count = 3000;
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) {
      a.command("SEND", { header: new Uint8Array(Uint32Array.of(i).buffer) });
      a.poll();
      if (i % 100 === 0) b.worker.poll();
    }
    for (let i = 0; i < 100 * count && numbers.length < count; i++) {
      a.poll();
      expect(b.worker.poll()).toBeLessThanOrEqual(4);
      numbers.push(...b.take(3).map(({ header }) => new Uint32Array(header.buffer)[0]));
    }
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  it("holds messages while no landing slot is free, and lets completions pass", () => {
    const stack = b.worker.landing(b.region, 0, slotBytes, 2);
    connect(b, a);
    const lengths = [10, 8000, 0, 12_000, 50, 100_000, 16_384];
    lengths.forEach((length, i) => {
      const offset = i * 131_072;
      fillPattern(a.memory.subarray(offset, offset + length), i);
      a.command("SEND", { header: Uint8Array.of(i), region: a.region, offset, length });
    });
    turn();
    // The third has no payload and needs no slot; the fourth waits, and the rest behind it.
    expect(b.seen.map(({ header }) => header[0])).toEqual([0, 1, 2]);
    b.command("SEND", { cookie: 99 });
    turn();
    expect(b.seen.at(-1)).toMatchObject({ kind: "COMPLETED", cookie: 99 });
    const deadline = performance.now() + 1000;
    while (!b.worker.arm() && performance.now() < deadline) b.worker.poll();
    expect(b.worker.arm()).toBe(true);

    for (let freed = 0; freed < lengths.length; freed++) {
      const event = b.of("MESSAGE")[freed];
      if (!event) break;
      if (event.slot < 0) continue;
      expect(patternMismatch(b.memory.subarray(event.offset, event.offset + event.length), event.header[0])).toBe(-1);
      stack[++stack[0]] = event.slot;
      turn();
    }
    const messages = b.seen.filter(({ kind }) => kind === "MESSAGE" || kind === "RENDEZVOUS");
    expect(messages.map(({ header, length }) => [header[0], length])).toEqual(lengths.map((length, i) => [i, length]));
    expect([...stack.subarray(0, 3)].sort()).toEqual([0, 1, 2]);
  });

  it("skips slot numbers that are none", () => {
    const stack = b.worker.landing(b.region, 0, slotBytes, 2);
    stack.set([3, 0, 77]);
    a.command("SEND", { region: a.region, length: 100 });
    turn();
    expect(b.seen).toMatchObject([{ kind: "MESSAGE", slot: 0 }]);
    expect(stack[0]).toBe(0);
  });

  it("gives eager payloads that fit no slot as descriptors", () => {
    b.worker.landing(b.region, 0, 64, 4);
    const lengths = [64, 65, 92, 5000, 16_000];
    lengths.forEach((length, i) => {
      fillPattern(a.memory.subarray(i * 20_000, i * 20_000 + length), i);
      a.command("SEND", { region: a.region, offset: i * 20_000, length });
    });
    turn();
    expect(b.seen.map(({ kind, length }) => [kind, length])).toEqual(
      lengths.map((length) => [length <= 64 ? "MESSAGE" : "RENDEZVOUS", length]),
    );
    b.of("RENDEZVOUS").forEach(({ descriptor, length }, i) => {
      b.command("RECV", { descriptor, region: b.region, offset: 4096, length, cookie: i });
      turn();
      expect(b.seen.at(-1)).toMatchObject({ kind: "RECEIVED", cookie: i, status: 0, length });
      expect(patternMismatch(b.memory.subarray(4096, 4096 + length), i + 1)).toBe(-1);
    });
  });

  it("takes more commands than the ring holds", () => {
    const count = a.worker.commandSlots * 3;
    for (let i = 0; i < count; i++) a.command("SEND", { header: new Uint8Array(8), cookie: i });
    turn();
    expect(a.of("COMPLETED").map(({ cookie }) => cookie)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(b.of("MESSAGE")).toHaveLength(count);
  });
});

describe("DROP and RECV", () => {
  const truncated = -9;
  const invalid = -5;

  it("end the sender's command", () => {
    a.command("SEND", { region: a.region, length: 1 << 20, cookie: 1 });
    turn();
    expect(a.seen).toEqual([]);
    b.command("DROP", { descriptor: b.seen[0].descriptor, cookie: 2 });
    turn();
    expect(b.seen[1]).toMatchObject({ kind: "COMPLETED", cookie: 2, status: 0 });
    expect(a.seen).toMatchObject([{ kind: "COMPLETED", cookie: 1 }]);
  });

  it.each([
    ["too little room", { length: 999_999 }, truncated],
    ["memory outside of the region", { offset: regionBytes - 1000, length: 1 << 20 }, invalid],
    ["no region", { region: 5, length: 1 << 20 }, invalid],
  ])("refuse %s, and the descriptor is gone", (_, wrong, status) => {
    a.command("SEND", { region: a.region, length: 1_000_000, cookie: 1 });
    turn();
    const { descriptor } = b.seen[0];
    b.command("RECV", { descriptor, region: b.region, cookie: 3, ...wrong });
    b.command("DROP", { descriptor, cookie: 4 });
    turn();
    expect(b.seen.slice(1)).toMatchObject([
      { kind: "RECEIVED", cookie: 3, status, descriptor },
      { kind: "COMPLETED", cookie: 4, status: invalid },
    ]);
    expect(a.seen).toMatchObject([{ kind: "COMPLETED", cookie: 1 }]);
  });

  it("refuse descriptors that never were", () => {
    for (const descriptor of [-1, 0, 64, 2 ** 31 - 1]) {
      b.command("RECV", { descriptor, region: b.region, length: 100, cookie: 1 });
      b.command("DROP", { descriptor, cookie: 2 });
    }
    expect(b.poll().map(({ status }) => status)).toEqual(Array(8).fill(invalid));
  });
});

describe("wrong commands", () => {
  const huge = 2 ** 53;
  it.each([
    ["no such endpoint", "SEND", { endpoint: 1 }],
    ["a negative endpoint", "SEND", { endpoint: -1 }],
    ["no such region", "SEND", { region: 9, length: 1 }],
    ["a long header", "SEND", { headerBytes: 65 }],
    ["a negative header", "SEND", { headerBytes: -1 }],
    ["a wide id", "SEND", { amId: 65_536 }],
    ["a payload past the end", "SEND", { region: 0, offset: regionBytes - 1, length: 2 }],
    ["a negative offset", "SEND", { region: 0, offset: -1, length: 2 }],
    ["a fractional length", "SEND", { region: 0, length: 1.5 }],
    ["no number", "SEND", { region: 0, length: Number.NaN }],
    ["a huge offset", "SEND", { region: 0, offset: huge, length: huge }],
    ["no such key", "PUT", { region: 0, length: 1, key: 0 }],
    ["an unknown operation", 77, {}],
    ["operation zero", 0, {}],
  ] as const)("give %s an error and nothing else", (_, op, fields) => {
    a.command(op, { ...fields, cookie: 5 });
    a.command(op, { ...fields, cookie: -1 });
    turn();
    expect(a.seen).toMatchObject([{ kind: "COMPLETED", cookie: 5, status: -5 }]);
    expect(b.seen).toEqual([]);
  });
});

describe("CLOSE", () => {
  const notConnected = -24; // UCS_ERR_NOT_CONNECTED

  it.each([
    ["flushing", 0],
    ["by force", 1],
  ])("%s ends the endpoint and nothing else", (_, flags) => {
    const other = connect(a, b);
    a.command("SEND", { header: Buffer.from("first") });
    turn();
    a.command("CLOSE", { flags, cookie: 1 });
    a.command("SEND", { cookie: 2 });
    a.command("CLOSE", { cookie: 3 });
    turn();
    expect(a.seen.map(({ cookie, status }) => [cookie, status]).sort()).toEqual([
      [1, 0],
      [2, notConnected],
      [3, notConnected],
    ]);
    expect(() => a.worker.describe(0)).toThrow(expect.objectContaining({ code: "ERR_NOT_CONNECTED" }));
    a.command("SEND", { endpoint: other, header: Buffer.from("second") });
    turn();
    expect(b.of("MESSAGE").map(text)).toEqual(["first", "second"]);
  });

  it("by force completes a rendezvous that nobody answers", () => {
    a.command("SEND", { region: a.region, length: 1 << 20, cookie: 1 });
    turn();
    a.command("CLOSE", { flags: 1, cookie: 2 });
    turn();
    expect(a.seen.map(({ cookie, status }) => [cookie, status < 0])).toEqual([
      [1, true],
      [2, false],
    ]);
  });
});
