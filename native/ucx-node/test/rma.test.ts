import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, fillPattern, Port, type PortEvent, patternMismatch, settle } from "./port.js";

const regionBytes = 8 << 20;
let a: Port;
let b: Port;
let local: number;
let localBytes: Uint8Array;

beforeEach(() => {
  a = new Port();
  b = new Port();
  connect(a, b);
  local = a.worker.allocate("private", regionBytes);
  localBytes = new Uint8Array(a.worker.region(local));
});
afterEach(() => {
  a.worker.close();
  b.worker.close();
});

function turn(): PortEvent[] {
  const [ofA, ofB] = settle(a, b);
  expect(ofB).toEqual([]);
  return ofA;
}

function share(kind: "shared" | "private", bytes = regionBytes) {
  const region = b.worker.allocate(kind, bytes);
  return { key: a.worker.unpackKey(0, b.worker.packKey(region)), memory: new Uint8Array(b.worker.region(region)) };
}

describe.each(["shared", "private"] as const)("a %s region", (kind) => {
  it.each([0, 1, 8, 4095, 4096, 65_537, 4 << 20])("takes a PUT and gives a GET of %d bytes", (length) => {
    const { key, memory } = share(kind);
    memory.fill(0xee);
    fillPattern(localBytes.subarray(1, 1 + length), 3);
    a.command("PUT", { region: local, offset: 1, length, key, remoteOffset: 77, cookie: 1 });
    expect(turn()).toMatchObject([{ kind: "COMPLETED", cookie: 1, status: 0 }]);
    expect(patternMismatch(memory.subarray(77, 77 + length), 3)).toBe(-1);
    expect([memory[76], memory[77 + length]]).toEqual([0xee, 0xee]);

    const back = regionBytes - length - 1;
    localBytes.fill(0xdd, back - 1);
    a.command("GET", { region: local, offset: back, length, key, remoteOffset: 77, cookie: 2 });
    expect(turn()).toMatchObject([{ kind: "COMPLETED", cookie: 2, status: 0 }]);
    expect(patternMismatch(localBytes.subarray(back, back + length), 3)).toBe(-1);
    expect([localBytes[back - 1], localBytes[back + length]]).toEqual([0xdd, 0xdd]);
  });

  it("is guarded at both ends", () => {
    const { key } = share(kind, 5000);
    const good = { region: local, offset: 0, length: 1000, key, remoteOffset: 4000 };
    const wrong = [
      { remoteOffset: 4001 },
      { remoteOffset: -1 },
      { remoteOffset: 0.5 },
      { remoteOffset: Number.NaN },
      { length: 5001, remoteOffset: 0 },
      { offset: regionBytes - 999 },
      { region: -1 },
      { key: key + 1 },
      { key: -1 },
    ];
    for (const op of ["PUT", "GET"] as const)
      for (const fields of wrong) a.command(op, { ...good, ...fields, cookie: 1 });
    a.command("PUT", { ...good, cookie: 2 });
    const statuses = turn().map(({ cookie, status }) => [cookie, status]);
    expect(statuses).toEqual([...Array(2 * wrong.length).fill([1, -5]), [2, 0]]);
  });
});

describe("memory that was given", () => {
  it("is source and target of everything, and the caller's again after close()", () => {
    const given = new ArrayBuffer(300_000);
    const region = b.worker.register(given);
    expect(b.worker.region(region)).toBe(given);
    const key = a.worker.unpackKey(0, b.worker.packKey(region));
    fillPattern(localBytes.subarray(0, 300_000), 5);
    a.command("PUT", { region: local, length: 300_000, key, cookie: 1 });
    expect(turn()).toMatchObject([{ cookie: 1, status: 0 }]);
    expect(patternMismatch(new Uint8Array(given), 5)).toBe(-1);
    expect(a.worker.map(key)).toBeUndefined();

    const mine = new Uint8Array(a.worker.region(a.worker.register(new ArrayBuffer(1000))));
    a.command("GET", { region: local + 1, length: 1000, key, remoteOffset: 500, cookie: 2 });
    expect(turn()).toMatchObject([{ cookie: 2, status: 0 }]);
    expect(Buffer.compare(mine, new Uint8Array(given, 500, 1000))).toBe(0);
    a.command("GET", { region: local + 1, length: 1001, key, cookie: 3 });
    expect(turn()).toMatchObject([{ cookie: 3, status: -5 }]);

    b.worker.close();
    expect(given.byteLength).toBe(300_000);
    expect(patternMismatch(new Uint8Array(given), 5)).toBe(-1);
  });

  it("must be a whole ArrayBuffer with bytes in it", () => {
    for (const wrong of [new Uint8Array(8), new SharedArrayBuffer(8), {}])
      expect(() => a.worker.register(wrong as never)).toThrow(TypeError);
    expect(() => a.worker.register(new ArrayBuffer(0))).toThrow(RangeError);
  });
});

describe("a key", () => {
  it("is refused on another endpoint", () => {
    const { key } = share("shared");
    const endpoint = connect(a, b);
    a.command("PUT", { endpoint, region: local, length: 8, key, cookie: 1 });
    expect(turn()).toMatchObject([{ status: -5 }]);
  });

  it("maps a shared region in place, and goes with its endpoint", () => {
    const { key, memory } = share("shared", 12_345);
    const mapping = a.worker.map(key)!;
    expect(mapping.byteLength).toBe(12_345);
    expect(a.worker.map(key)).toBe(mapping);
    new Uint8Array(mapping)[12_344] = 42;
    expect(memory[12_344]).toBe(42);
    memory[0] = 43;
    expect(new Uint8Array(mapping)[0]).toBe(43);
    a.command("CLOSE", { cookie: 1 });
    expect(turn()).toMatchObject([{ cookie: 1, status: 0 }]);
    expect(mapping.byteLength).toBe(0);
    expect(a.worker.map(key)).toBeUndefined();
    expect(memory[12_344]).toBe(42);
  });

  it("does not map a private region", () => {
    expect(a.worker.map(share("private").key)).toBeUndefined();
  });
});

it("FLUSH completes after the PUTs before it", () => {
  const { key, memory } = share("shared");
  localBytes.fill(9);
  for (let i = 0; i < 10; i++) a.command("PUT", { region: local, length: 4096, key, remoteOffset: i * 4096 });
  a.command("FLUSH", { cookie: 1 });
  expect(turn()).toMatchObject([{ kind: "COMPLETED", cookie: 1, status: 0 }]);
  expect(memory.subarray(0, 40_961).lastIndexOf(9)).toBe(40_959);
});
