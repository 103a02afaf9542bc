import { describe, expect, it } from "vitest";
import { GiB, MiB } from "../core/units.ts";
import type { Needs } from "./doctor-checks.ts";
import type { LinkFigures, NodeFigures, NodeFindings } from "./doctor-findings.ts";
import { type Check, describeSpeed, judge } from "./doctor-judge.ts";
import { showChecks } from "./doctor-show.ts";
import { slowNodes } from "./doctor-slow.ts";

function node(host: string, change: Partial<NodeFindings> = {}): NodeFindings {
  return {
    host,
    versions: { node: "v20.20.2", kernel: "6.1", mpi: "Open MPI v4.1.4", ucx: "1.13.1" },
    memlockBytes: null,
    openFiles: 1024,
    sharedFreeBytes: 1 * GiB,
    uring: { flags: ["DEFER_TASKRUN"] },
    hugePages: "madvise",
    cma: { allowed: true, ptraceScope: 0 },
    storage: [{ path: "/nvme0", error: "", freeBytes: 1 * GiB, directError: "" }],
    ...change,
  };
}

const link = (mibS: number, transports = "rc_mlx5/mlx5_0:1"): LinkFigures => {
  return { from: "", transports, roundTripUs: 4, mibS };
};

function figures(host: string, change: Partial<NodeFigures> = {}): NodeFigures {
  const devices = [{ path: "/nvme0", writeMibS: 2000, readMibS: 5000 }];
  return { host, devices, within: link(9000, "sysv/memory cma/memory"), between: link(10_000), ...change };
}

const needs: Needs = {
  arenaBytes: () => 76 * MiB,
  sharedBytes: () => 136 * MiB,
  storedBytes: () => 512 * MiB,
  endpointsMax: 100,
  durability: "device",
};

function examine(nodes: NodeFindings[], change: Partial<Needs> = {}, clocksMs = nodes.map(() => 0)): Check[] {
  return judge(
    nodes,
    clocksMs,
    nodes.map(({ host }) => figures(host)),
    { ...needs, ...change },
    [],
  );
}

/** What is not ok, as "verdict name: hosts: found". */
const troubles = (checks: readonly Check[]) =>
  checks
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ verdict, name, hosts, found }) => `${verdict} ${name}: ${hosts.join(",")}: ${found}`);

describe("judge", () => {
  it("finds nothing wrong with good nodes, and says so once for all", () => {
    const checks = examine([node("h1"), node("h2"), node("h3")]);
    expect(troubles(checks)).toEqual([]);
    for (const { name, hosts, advice } of checks) expect({ name, hosts, advice }).toMatchObject({ advice: "" });
    expect(checks.find(({ name }) => name === "io_uring")!.hosts).toEqual(["h1", "h2", "h3"]);
  });

  it.each<[string, Partial<NodeFindings>, string]>([
    ["locked memory", { memlockBytes: 8 * MiB }, "fail locked memory: h2: 8 MiB, a rank pins 76 MiB"],
    ["open files", { openFiles: 100 }, "warn open files: h2: 100, a rank may have 100 endpoints"],
    [
      "shared memory",
      { sharedFreeBytes: 64 * MiB },
      "fail shared memory: h2: /dev/shm has 64 MiB free, clients take 136 MiB",
    ],
    ["io_uring", { uring: { error: "EPERM" } }, "fail io_uring: h2: EPERM"],
    ["huge pages", { hugePages: "never" }, "warn huge pages: h2: never"],
    ["no huge pages", { hugePages: "" }, "warn huge pages: h2: this kernel has none"],
    ["CMA", { cma: { allowed: false, ptraceScope: 1 } }, "warn CMA: h2: kernel.yama.ptrace_scope is 1"],
    [
      "storage that cannot be written",
      { storage: [{ path: "/nvme0", error: "EACCES", freeBytes: 0, directError: "EACCES" }] },
      "fail storage path: h2: EACCES",
    ],
    [
      "space",
      { storage: [{ path: "/nvme0", error: "", freeBytes: 100 * MiB, directError: "" }] },
      "fail free space: h2: /nvme0: 100 MiB free, the workload stores 512 MiB",
    ],
    [
      "O_DIRECT",
      { storage: [{ path: "/nvme0", error: "", freeBytes: 1 * GiB, directError: "EINVAL" }] },
      "warn O_DIRECT: h2: /nvme0: EINVAL",
    ],
  ])("sees %s on one node, and what to do", (_name, change, trouble) => {
    const checks = examine([node("h1"), node("h2", change)]);
    expect(troubles(checks)).toEqual([trouble]);
    expect(checks.find(({ verdict }) => verdict !== "ok")!.advice).not.toBe("");
  });

  it("has nothing against a path without O_DIRECT when nothing is flushed", () => {
    const storage = [{ path: "/dev/shm", error: "", freeBytes: 1 * GiB, directError: "EINVAL" }];
    expect(troubles(examine([node("h1", { storage })], { durability: "pagecache" }))).toEqual([]);
  });

  it("does not judge the space for what it does not know", () => {
    const checks = examine([node("h1")], { storedBytes: () => undefined });
    expect(checks.find(({ name }) => name === "free space")!.found).toContain("not known in advance");
  });

  it("wants equal versions, and lives with different kernels", () => {
    const other = node("h2", { versions: { ...node("h2").versions, ucx: "1.15.0", kernel: "6.2" } });
    expect(troubles(examine([node("h1"), other]))).toEqual([
      ...["warn Linux: h1: 6.1", "warn Linux: h2: 6.2"],
      ...["fail UCX: h1: 1.13.1", "fail UCX: h2: 1.15.0"],
    ]);
  });

  it("compares clocks", () => {
    const checks = examine([node("h1"), node("h2"), node("h3")], {}, [0, -2.5, 400]);
    expect(troubles(checks)).toEqual([
      "warn clock: h2: 2.5 ms behind the first node's",
      "fail clock: h3: 400.0 ms ahead of the first node's",
    ]);
  });

  it("names transports that a cluster should not have", () => {
    const slow = figures("h1", { within: link(1, "tcp/lo"), between: link(1, "tcp/cloud0") });
    expect(troubles(judge([node("h1")], [0], [slow], needs, []))).toEqual([
      "warn transport in a node: h1: tcp/lo",
      "warn transport between nodes: h1: tcp/cloud0",
    ]);
    expect(troubles(judge([node("h1")], [0], [figures("h1", { within: null, between: null })], needs, []))).toEqual([]);
  });

  it("repeats what the rank map says", () => {
    expect(troubles(judge([node("h1")], [0], [figures("h1")], needs, ["h1: 4 ranks on 2 cores"]))).toEqual([
      "warn rank map: : h1: 4 ranks on 2 cores",
    ]);
  });
});

describe("slowNodes", () => {
  const found = (list: readonly NodeFigures[]) => slowNodes(list).map(({ host, what }) => `${host} ${what}`);

  it("finds the node whose device, memory or links fall behind", () => {
    const devices = [{ path: "/nvme0", writeMibS: 1000, readMibS: 5000 }];
    expect(found([figures("h1"), figures("h2", { devices }), figures("h3")])).toEqual(["h2 write to /nvme0"]);
    const within = link(2000);
    expect(found([figures("h1", { within }), figures("h2"), figures("h3")])).toEqual(["h1 transfers within the node"]);
    // h1 gets from h2, h2 from h3: both are slow because of h2.
    const between = link(100);
    expect(found([figures("h1", { between }), figures("h2", { between }), figures("h3")])).toEqual([
      "h2 transfers to other nodes",
    ]);
  });

  it("blames nobody for one slow link, nor one of two nodes", () => {
    const between = link(100);
    expect(found([figures("h1"), figures("h2", { between }), figures("h3"), figures("h4")])).toEqual([]);
    expect(found([figures("h1", { within: link(1) }), figures("h2")])).toEqual([]);
  });

  it("takes nodes on which nothing could be measured", () => {
    const none = figures("h2", { devices: [], within: null, between: null });
    expect(found([figures("h1"), none, figures("h3")])).toEqual([]);
  });
});

it("the screen has a line for each check and a verdict", () => {
  const nodes = [node("h1"), node("h2", { hugePages: "never", uring: { error: "EPERM" } })];
  const text = showChecks(examine(nodes), describeSpeed(nodes.map(({ host }) => figures(host))), 2);
  expect(text).toMatch(/^ok {4}Node.js +all 2 nodes: v20.20.2$/m);
  expect(text).toMatch(/^WARN {2}huge pages +h2: never\n +-> echo madvise/m);
  expect(text).toMatch(/^FAIL {2}io_uring +h2: EPERM$/m);
  expect(text).toContain("Between nodes: 4.0 us there and back, 10000 MiB/s");
  expect(text).toContain("/nvme0: write 2000 MiB/s, read 5000 MiB/s");
  expect(text).toMatch(/Verdict: 1 of \d+ checks failed/);
  expect(showChecks(examine([node("h1")]), [], 1)).toMatch(/Verdict: all is well$/);
});
