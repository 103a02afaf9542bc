import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as ucx from "../index.js";
import { connect, Port } from "./port.js";

const { Worker } = ucx;

describe("ucx-node", () => {
  const contract = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");

  it("exports what index.d.ts declares", () => {
    const declared = [...contract.matchAll(/^export declare (?:const|class|function) (\w+)/gm)].map(([, name]) => name);
    expect(Object.keys(ucx).sort()).toEqual(declared.sort());
  });

  it("has the Worker that index.d.ts declares", () => {
    const body = /export declare class Worker \{([\s\S]*?)\n\}/.exec(contract)![1];
    const declared = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name);
    const worker = new Worker();
    const actual = [...Object.keys(worker), ...Object.getOwnPropertyNames(Worker.prototype)];
    worker.close();
    expect(actual.sort()).toEqual(declared.sort());
  });

  it("has the constants that index.d.ts declares", () => {
    const constants = { COMMAND: ucx.COMMAND, EVENT: ucx.EVENT, CONTROL: ucx.CONTROL };
    for (const name of ["COMMAND", "EVENT", "CONTROL"] as const) {
      const body = new RegExp(`const ${name}: \\{([^}]*)\\}`).exec(contract)![1];
      const declared = [...body.matchAll(/readonly (\w+): (\d)/g)].map(([, key, value]) => [key, Number(value)]);
      expect(Object.entries(constants[name])).toEqual(declared);
    }
  });

  it("runs the example of README.md", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const [, example] = /```js\n([\s\S]*?)```/.exec(readme)!;
    const program = example.replace('"ucx-node"', JSON.stringify(new URL("../index.js", import.meta.url).href));
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    expect(output).toBe("true cafe\npayload\n");
  });

  it("names the library's version and statuses", () => {
    expect(ucx.libraryVersion()).toMatch(/^\d+\.\d+\.\d+/);
    expect(ucx.statusText(0)).toBe("Success");
    expect(ucx.statusText(-5)).toBe("Invalid parameter");
    expect(() => ucx.statusText(1000)).toThrow(RangeError);
  });
});

describe("Worker arguments", () => {
  it("refuses wrong options by name", () => {
    expect(() => new Worker({ commandSlots: 1000 })).toThrow(/powers of two/);
    expect(() => new Worker({ eventSlots: 0 })).toThrow(/eventSlots/);
    expect(() => new Worker({ amIds: 0 })).toThrow(/amIds/);
    expect(() => new Worker({ eagerBytes: 1.5 })).toThrow(/eagerBytes/);
    expect(() => new Worker(7 as never)).toThrow(TypeError);
    expect(() => (Worker as unknown as () => void)()).toThrow(TypeError);
    expect(() => Worker.prototype.post.call({} as never)).toThrow(TypeError);
  });

  it("refuses damaged addresses and keys", () => {
    const worker = new Worker();
    const { address } = worker;
    const endpoint = worker.connect(address);
    const key = worker.packKey(worker.allocate("shared", 4096));
    const damaged = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    for (const wrong of [new Uint8Array(0), new Uint8Array(200), address.subarray(0, -1), damaged(address), key])
      expect(() => worker.connect(wrong)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ADDRESS" }));
    for (const wrong of [new Uint8Array(0), new Uint8Array(200), key.subarray(0, -1), damaged(key), address])
      expect(() => worker.unpackKey(endpoint, wrong)).toThrow(expect.objectContaining({ code: "ERR_INVALID_KEY" }));
    expect(worker.endpointCount).toBe(1);
    worker.close();
  });

  it("accepts addresses at any alignment", () => {
    const worker = new Worker();
    const shifted = new Uint8Array(worker.address.length + 1);
    shifted.set(worker.address, 1);
    expect(worker.connect(shifted.subarray(1))).toBe(0);
    worker.close();
  });

  it("refuses indices and sizes out of range", () => {
    const worker = new Worker();
    expect(() => worker.allocate("shared", 0)).toThrow(RangeError);
    expect(() => worker.allocate("shared", 2 ** 32)).toThrow(RangeError);
    expect(() => worker.allocate("other" as never, 4096)).toThrow(/"shared" or "private"/);
    const region = worker.allocate("private", 5000);
    expect(worker.region(region).byteLength).toBe(5000);
    expect(worker.region(region)).toBe(worker.region(region));
    expect(() => worker.region(1)).toThrow(RangeError);
    expect(() => worker.packKey(-1)).toThrow(RangeError);
    expect(() => worker.map(0)).toThrow(RangeError);
    expect(() => worker.describe(0)).toThrow(RangeError);
    expect(() => worker.landing(region, 0, 1000, 6)).toThrow(RangeError);
    expect(() => worker.landing(region, 1, 1000, 5)).toThrow(/exceed/);
    expect([...worker.landing(region, 0, 1000, 5)]).toEqual([5, 4, 3, 2, 1, 0]);
    expect(() => worker.landing(region, 0, 1000, 5)).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    worker.close();
  });
});

describe("close", () => {
  it("detaches all memory, refuses everything after, and may be repeated", () => {
    const port = new Port();
    const { worker } = port;
    const endpoint = worker.connect(worker.address);
    const region = worker.allocate("shared", 1 << 20);
    const memory = worker.region(region);
    const stack = worker.landing(region, 0, 4096, 4);
    const mapping = worker.map(worker.unpackKey(endpoint, worker.packKey(region)));
    port.command("SEND", { endpoint, region, length: 1000, cookie: 1 });
    worker.close();
    worker.close();
    expect([worker.rings.byteLength, memory.byteLength, stack.length, mapping?.byteLength ?? 0]).toEqual([0, 0, 0, 0]);
    expect(() => worker.poll()).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }));
    expect(() => worker.connect(worker.address)).toThrow(expect.objectContaining({ code: "ERR_CLOSED" }));
  });

  it("works with messages, descriptors and events that nobody took", () => {
    const receiver = new Port({ eventSlots: 2 });
    const sender = new Port();
    const region = sender.worker.allocate("private", 1 << 20);
    receiver.worker.landing(receiver.worker.allocate("shared", 4096), 0, 1024, 1);
    connect(sender, receiver);
    for (const length of [0, 100, 1024, 9000, 100_000, 1024, 12]) sender.command("SEND", { region, length, cookie: 1 });
    for (let i = 0; i < 200; i++) {
      sender.worker.poll();
      receiver.worker.poll();
    }
    receiver.worker.close();
    sender.worker.close();
  });
});
