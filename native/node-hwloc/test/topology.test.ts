import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as hwloc from "../index.js";

const { topology } = hwloc;
const sparse = fileURLToPath(new URL("topologies/sparse.xml", import.meta.url));

/** As the kernel writes sets: "0-3,8". */
function ranges(numbers: readonly number[]): string {
  const starts = numbers.filter((number, i) => numbers[i - 1] !== number - 1);
  const ends = numbers.filter((number, i) => numbers[i + 1] !== number + 1);
  return starts.map((start, i) => (start === ends[i] ? `${start}` : `${start}-${ends[i]}`)).join(",");
}

describe("topology", () => {
  it("describes the machine that it runs on", () => {
    const here = topology();
    expect(here.machine.live).toBe(true);
    expect(here.machine.memoryBytes).toBeGreaterThan(0);
    const cpus = here.pus.map((pu) => pu.osIndex);
    const online = readFileSync("/sys/devices/system/cpu/online", "utf8").trim();
    expect(ranges(here.onlineCpus)).toBe(online);
    expect(cpus).toEqual(expect.arrayContaining(hwloc.boundCpus()));
    expect(cpus).toEqual(expect.arrayContaining(here.allowedCpus));
    expect(here.numaNodes.flatMap((node) => node.cpus).sort((a, b) => a - b)).toEqual([...cpus].sort((a, b) => a - b));
  });

  it("knows nodes with gaps in their numbers, without CPUs, and what a job may use", () => {
    const machine = topology({ xmlFile: sparse });
    expect(machine.machine).toEqual({
      hostName: "sparse",
      architecture: "x86_64",
      memoryBytes: 37 * 2 ** 30,
      live: false,
    });
    expect(machine.numaNodes).toEqual([
      { osIndex: 0, memoryBytes: 16 * 2 ** 30, cpus: [0, 2], localCpus: [0, 2] },
      { osIndex: 16, kind: "HBM", memoryBytes: 4 * 2 ** 30, cpus: [], localCpus: [0, 2] },
      { osIndex: 8, memoryBytes: 16 * 2 ** 30, cpus: [1, 3], localCpus: [1, 3] },
      { osIndex: 24, memoryBytes: 2 ** 30, cpus: [], localCpus: [0, 1, 2, 3] },
    ]);
    expect(machine.onlineCpus).toEqual([0, 1, 2, 3]);
    expect(machine.allowedCpus).toEqual([0, 1]);
    expect(machine.allowedNodes).toEqual([0, 8]);
  });

  it("relates CPUs, cores, packages and caches", () => {
    const machine = topology({ xmlFile: sparse });
    expect(machine.packages).toEqual([
      { osIndex: 0, cpuModel: "Example CPU", pus: [0, 2], numaNodes: [0] },
      { osIndex: 1, pus: [1, 3], numaNodes: [8] },
    ]);
    expect(machine.cores).toEqual([
      { osIndex: 0, package: 0, numaNodes: [0], pus: [0] },
      { osIndex: 1, package: 0, numaNodes: [0], pus: [2] },
      { osIndex: 0, package: 1, numaNodes: [8], pus: [1, 3] },
    ]);
    // CPUs 4 to 7 are offline: the document has them in its complete sets only.
    expect(machine.pus).toEqual([
      { osIndex: 0, core: 0, numaNode: 0 },
      { osIndex: 2, core: 1, numaNode: 0 },
      { osIndex: 1, core: 2, numaNode: 8 },
      { osIndex: 3, core: 2, numaNode: 8 },
    ]);
    expect(machine.l3).toEqual([{ sizeBytes: 2 ** 25, pus: [0, 2] }]);
    expect(machine.dies).toEqual([]);
  });

  it("places devices, and tells distances", () => {
    const machine = topology({ xmlFile: sparse });
    const place = { numaNodes: [8], localCpus: [1, 3] };
    expect(machine.osDevices).toEqual([
      { name: "nvme0n1", kind: "block", ...place },
      { name: "ib0", kind: "network", ...place },
      { name: "mlx5_0", kind: "openfabrics", ...place },
    ]);
    expect(machine.distances).toEqual({
      numaNodes: [0, 8, 16, 24],
      values: [
        [10, 21, 14, 40],
        [21, 10, 26, 40],
        [14, 26, 10, 40],
        [40, 40, 40, 10],
      ],
    });
  });

  it("reads a document as it reads a file", () => {
    expect(topology({ xml: readFileSync(sparse, "utf8") })).toEqual(topology({ xmlFile: sparse }));
  });

  it("is at home with more CPUs than a cpu_set_t has", () => {
    const large = topology({ synthetic: "package:4 numa:4 l3:2 core:32 pu:2" });
    expect(large.pus.map((pu) => pu.osIndex)).toEqual(Array.from({ length: 2048 }, (_, cpu) => cpu));
    expect(large.pus.at(-1)).toEqual({ osIndex: 2047, core: 1023, numaNode: 15 });
    expect(large.cores[1023]).toMatchObject({ package: 3, pus: [2046, 2047], numaNodes: [15] });
    expect(large.l3.length).toBe(32);
    expect(large.osDevices).toEqual([]);
  });

  it("tells the dies of a package apart", () => {
    const machine = topology({ synthetic: "package:2 die:2 numa:1 core:2 pu:1" });
    expect(machine.dies).toEqual([
      { osIndex: 0, package: 0, pus: [0, 1], numaNodes: [0] },
      { osIndex: 1, package: 0, pus: [2, 3], numaNodes: [1] },
      { osIndex: 2, package: 1, pus: [4, 5], numaNodes: [2] },
      { osIndex: 3, package: 1, pus: [6, 7], numaNodes: [3] },
    ]);
  });

  it("gives the CPUs of a socket with two kinds of memory to one node only", () => {
    const flat = topology({ synthetic: "package:2 [numa(memory=16GiB)] [numa(memory=4GiB)] core:2 pu:1" });
    expect(flat.numaNodes.map((node) => [node.osIndex, node.cpus])).toEqual([
      [0, [0, 1]],
      [1, []],
      [2, [2, 3]],
      [3, []],
    ]);
  });

  it("says what is wrong with a source", () => {
    expect(() => topology({ xmlFile: "/nonexistent.xml" })).toThrow(
      expect.objectContaining({ code: "ERR_HWLOC", call: "hwloc_topology_set_xml", errno: 2 }),
    );
    expect(() => topology({ xml: "<topology/>" })).toThrow(expect.objectContaining({ code: "ERR_HWLOC" }));
    expect(() => topology({ synthetic: "core:zero" })).toThrow(expect.objectContaining({ code: "ERR_HWLOC" }));
    expect(() => topology({} as { xml: string })).toThrow(TypeError);
    expect(() => topology({ xml: 1 } as unknown as { xml: string })).toThrow(TypeError);
  });
});

describe("the README", () => {
  it("has an example that runs", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const index = JSON.stringify(new URL("../index.js", import.meta.url).href);
    const example = /```js\n(.*?)```/s.exec(readme)![1]!.replace(`"node-hwloc"`, index);
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", example], { encoding: "utf8" });
    expect(child.stderr).toBe("");
    expect(child.stdout).toContain(`${4 << 20}`);
  });
});

describe("index.d.ts", () => {
  it("declares exactly what the package exports", () => {
    const declaration = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
    const declared = [...declaration.matchAll(/^export declare (?:function|class|const) (\w+)/gm)].map(
      (match) => match[1],
    );
    expect(Object.keys(hwloc).sort()).toEqual(declared.sort());
  });
});
