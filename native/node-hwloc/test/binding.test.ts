import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bindCpu, bindMemory, boundCpus, lastCpu, memoryNodes, topology } from "../index.js";

// A binding lasts until the process ends: what binds is a process of its own.
function run(name: string, argument: number) {
  const program = fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));
  const child = spawnSync(process.execPath, [program, String(argument)], { encoding: "utf8" });
  expect(child.stderr).toBe("");
  return JSON.parse(child.stdout);
}

describe("binding", () => {
  it("binds every thread of the process, those that are there and those to come", () => {
    const cpu = boundCpus().at(-1)!;
    const bound = run("bind-cpu", cpu);
    expect(bound.affinity.length).toBeGreaterThan(5);
    expect(new Set(bound.affinity)).toEqual(new Set([String(cpu)]));
    expect(bound).toMatchObject({ boundCpus: [cpu], lastCpu: cpu });
  });

  it("binds memory to a node, strictly", () => {
    const node = topology().allowedNodes[0]!;
    const bound = run("bind-memory", node);
    expect(bound.policies).toContain(`bind:${node}`);
    expect(bound.where).toEqual([[node, 8 << 20]]);
  });

  it("throws when the kernel refuses, and says what there is", () => {
    const before = boundCpus();
    expect(() => bindCpu([60_000])).toThrow(
      expect.objectContaining({
        code: "ERR_HWLOC",
        call: "hwloc_set_cpubind",
        errno: 22,
        message: expect.stringMatching(/bind to 60000 of \d/),
      }),
    );
    expect(() => bindMemory([60_000])).toThrow(
      expect.objectContaining({ code: "ERR_HWLOC", call: "hwloc_set_membind" }),
    );
    expect(boundCpus()).toEqual(before);
  });

  it("refuses what is no set of numbers", () => {
    expect(() => bindCpu([])).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => bindCpu([-1])).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => bindMemory([0.5])).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    expect(() => bindCpu("0" as unknown as number[])).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });

  it("runs on a CPU that it may run on", () => {
    expect(boundCpus()).toContain(lastCpu());
  });
});

describe("memoryNodes", () => {
  it("accounts for every byte of memory that was written, also of a part that begins and ends within pages", () => {
    const memory = new Uint8Array(4 << 20).fill(1);
    const sum = (view: Uint8Array) => [...memoryNodes(view).values()].reduce((total, bytes) => total + bytes, 0);
    expect(sum(memory)).toBe(4 << 20);
    expect(sum(memory.subarray(1000, 1_000_003))).toBe(999_003);
    expect(sum(memory.subarray(5, 5))).toBe(0);
  });

  it("leaves out pages that were never written", () => {
    const bytes = [...memoryNodes(new ArrayBuffer(64 << 20)).values()].reduce((total, on) => total + on, 0);
    expect(bytes).toBeLessThan(1 << 20);
  });
});
