import { describe, expect, it } from "vitest";
import { changeRanks, host, jobOf } from "../../test/job-facts.ts";
import type { BenchError } from "../core/errors.ts";
import type { JobFacts, RankMap } from "./facts.ts";
import { buildRankMap } from "./map.ts";
import { defaultPolicy, type RankPolicy } from "./policy.ts";

const build = (facts: JobFacts, policy: Partial<RankPolicy> = {}) =>
  buildRankMap(facts, { ...defaultPolicy, ...policy });
const cpusOf = (map: RankMap) => map.places.map(({ cpus }) => cpus.join(","));
const nodesOf = (map: RankMap) => map.places.map(({ numaNode }) => numaNode);
const rolesOf = (map: RankMap) => map.places.map(({ role, index }) => `${role[0]}${index}`).join(" ");

describe("roles", () => {
  const twoHosts = jobOf(host("h1", 4), host("h2", 4, 4));

  it("lets the first half of each node's ranks serve, numbered host by host", () => {
    const map = build(jobOf(host("h1", 4), host("h2", 3, 4)));
    expect(rolesOf(map)).toBe("s0 s1 c0 c1 s2 c2 c3");
    expect(map.servers).toEqual([0, 1, 4]);
    expect(map.clients).toEqual([2, 3, 5, 6]);
    expect(map.hosts).toEqual(["h1", "h2"]);
    expect(map.places.map(({ localRank }) => localRank)).toEqual([0, 1, 2, 3, 0, 1, 2]);
  });

  it("numbers host by host when ranks are dealt round robin", () => {
    const facts = jobOf(
      host("h1", 1),
      host("h2", 1, 1),
      { ...host("h1", 1, 2), hosts: [] },
      { ...host("h2", 1, 3), hosts: [] },
    );
    const map = build(facts);
    expect(map.servers).toEqual([0, 1]);
    expect(map.clients).toEqual([2, 3]);
  });

  it.each<[Partial<RankPolicy>, string]>([
    [{ serversPerNode: 1 }, "s0 c0 c1 c2 s1 c3 c4 c5"],
    [{ clientsPerNode: 1 }, "s0 s1 s2 c0 s3 s4 s5 c1"],
    [{ serversPerNode: 3, clientsPerNode: 1 }, "s0 s1 s2 c0 s3 s4 s5 c1"],
    [{ clientsPerServer: 3 }, "s0 c0 c1 c2 s1 c3 c4 c5"],
    [{ clientsPerServer: 1 }, "s0 s1 c0 c1 s2 s3 c2 c3"],
    [{ clientsPerServer: 9 }, "s0 c0 c1 c2 s1 c3 c4 c5"],
    [{ dedicatedServers: 1 }, "s0 s1 s2 s3 c0 c1 c2 c3"],
  ])("takes %j", (policy, roles) => {
    expect(rolesOf(build(twoHosts, policy))).toBe(roles);
  });

  it("takes whole nodes of different size for servers", () => {
    const facts = jobOf(host("h1", 2), host("h2", 3, 2), host("h3", 1, 5));
    const map = build(facts, { dedicatedServers: 1 });
    expect(map.servers).toEqual([0, 1]);
    expect(map.clients).toEqual([2, 3, 4, 5]);
  });

  it.each<[string, JobFacts, Partial<RankPolicy>, string]>([
    ["one rank", host("h1", 1), {}, "1 rank on 1 node make 1 server and no client: start more ranks"],
    [
      "one rank per node",
      jobOf(host("h1", 1), host("h2", 1, 1)),
      {},
      "2 ranks on 2 nodes make 2 servers and no client: start more ranks, or take --dedicated-servers 1",
    ],
    [
      "all ranks servers",
      host("h1", 2),
      { serversPerNode: 2 },
      "2 ranks on 1 node make 2 servers and no client: start more ranks or fewer servers",
    ],
    ["too many servers", host("h1", 2), { serversPerNode: 3 }, "--servers-per-node 3: h1 has only 2 ranks"],
    ["too many clients", host("h1", 2), { clientsPerNode: 3 }, "--clients-per-node 3: h1 has only 2 ranks"],
    [
      "no server",
      host("h1", 2),
      { clientsPerNode: 2 },
      "2 ranks on 1 node make no server: one rank at least has to serve",
    ],
    [
      "servers and clients that do not add up",
      jobOf(host("h1", 4), host("h2", 3, 4)),
      { serversPerNode: 1, clientsPerNode: 3 },
      "--servers-per-node 1 and --clients-per-node 3: h2 has 3 ranks",
    ],
    [
      "all nodes dedicated",
      host("h1", 4),
      { dedicatedServers: 1 },
      "--dedicated-servers 1 leaves no node for clients: the job has 4 ranks on 1 node",
    ],
  ])("refuses %s", (_name, facts, policy, message) => {
    expect(() => build(facts, policy)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message } satisfies Partial<BenchError>),
    );
  });
});

describe("cores", () => {
  it("gives each rank a core with its sibling threads", () => {
    const map = build(host("h1", 4, 0, { coresPerNode: 4, threads: 2 }));
    expect(cpusOf(map)).toEqual(["0,4", "1,5", "2,6", "3,7"]);
    expect(map.oversubscribed).toBe(false);
    expect(map.remarks).toEqual([]);
  });

  it("leaves sibling threads idle", () => {
    expect(cpusOf(build(host("h1", 4, 0, { threads: 2 }), { smt: "idle" }))).toEqual(["0", "1", "2", "3"]);
  });

  it("puts ranks on sibling threads once every core has one", () => {
    const machine = { nodes: 2, coresPerNode: 2, threads: 2 };
    const map = build(host("h1", 6, 0, machine), { smt: "split", order: "block" });
    expect(cpusOf(map)).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(map.oversubscribed).toBe(false);
    expect(build(host("h1", 9, 0, machine), { smt: "split" }).remarks).toEqual(["h1: 9 ranks on 8 hardware threads"]);
  });

  it.each<[RankPolicy["order"], number[]]>([
    ["spread", [0, 1, 2, 3, 0, 1, 2, 3]],
    ["cyclic", [0, 1, 2, 3, 0, 1, 2, 3]],
    ["block", [0, 0, 1, 1, 2, 2, 3, 3]],
  ])("deals ranks to NUMA nodes by order %s", (order, nodes) => {
    const map = build(host("h1", 8, 0, { nodes: 4, coresPerNode: 2 }), { order });
    expect(nodesOf(map)).toEqual(nodes);
    expect(new Set(cpusOf(map)).size).toBe(8);
  });

  it("spreads clients over all NUMA nodes even if servers are on one, which cyclic evens out", () => {
    const storagePaths = [{ path: "/nvme0", numaNode: 1 }];
    const facts = host("h1", 6, 0, { nodes: 2, coresPerNode: 4, storagePaths });
    expect(nodesOf(build(facts, { serversPerNode: 2, order: "spread" }))).toEqual([1, 1, 0, 1, 0, 1]);
    expect(nodesOf(build(facts, { serversPerNode: 2, order: "cyclic" }))).toEqual([1, 1, 0, 0, 0, 1]);
  });

  it("leaves the first cores that the job may use to the system", () => {
    const machine = { coresPerNode: 4, threads: 2, allowedCpus: [1, 2, 3, 5, 6, 7] };
    expect(cpusOf(build(host("h1", 2, 0, machine), { systemCores: 1 }))).toEqual(["2,6", "3,7"]);
    const full = build(host("h1", 3, 0, machine), { systemCores: 1 });
    expect(full.remarks).toEqual(["h1: 3 ranks on 2 cores beside 1 left for the system"]);
    expect(cpusOf(full)).toEqual(Array(3).fill("2,3,6,7"));
  });

  it("gives a rank a core of the system when the launcher has left it no other", () => {
    const facts = changeRanks(host("h1", 2), (_, i) => (i === 1 ? { allowedCpus: "0" } : {}));
    const map = build(facts, { systemCores: 1 });
    expect(cpusOf(map)).toEqual(["1", "0"]);
    expect(map.remarks).toEqual(["h1: 1 of 2 ranks are on cores that were to be left to the system"]);
  });

  it("stays within the CPUs of a cpuset", () => {
    const map = build(host("h1", 2, 0, { coresPerNode: 4, threads: 2, allowedCpus: [2, 6, 7] }));
    expect(cpusOf(map)).toEqual(["2,6", "7"]);
  });

  it("stays within the bindings of the launcher, whatever their order", () => {
    const facts = changeRanks(host("h1", 2), (_, i) => (i === 1 ? { allowedCpus: "0" } : {}));
    expect(cpusOf(build(facts))).toEqual(["1", "0"]);
  });

  it("moves ranks on when the launcher's bindings overlap in a ring", () => {
    const bindings = ["0-1", "0,2", "1,2", "2-3"];
    const map = build(changeRanks(host("h1", 4), (_, i) => ({ allowedCpus: bindings[i]! })));
    expect(new Set(cpusOf(map)).size).toBe(4);
    expect(map.remarks).toEqual([]);
  });

  it("leaves all ranks of a host on all of its CPUs when they outnumber its cores", () => {
    const map = build(jobOf(host("h1", 5, 0, { nodes: 2, coresPerNode: 2 }), host("h2", 2, 5)));
    expect(cpusOf(map)).toEqual([...Array(5).fill("0,1,2,3"), "0", "1"]);
    expect(map.places[0]!.numaNode).toBe(-1);
    expect(map.oversubscribed).toBe(true);
    expect(map.remarks).toEqual(["h1: 5 ranks on 4 cores"]);
  });

  it("says when a launcher put two ranks on one core though there are others", () => {
    const map = build(changeRanks(host("h1", 3), (_, i) => (i < 2 ? { allowedCpus: "0" } : {})));
    const remark = "h1: 3 ranks on 4 cores, but the launcher or the map file puts some of them on the same";
    expect(map.remarks).toEqual([remark]);
    expect(cpusOf(map)).toEqual(["0", "0", "0,1,2,3"]);
  });

  it("does not bind when told so, and says nothing of cores that suffice", () => {
    const map = build(host("h1", 2), { bind: "none" });
    expect(cpusOf(map)).toEqual(["0,1,2,3", "0,1,2,3"]);
    expect(map.oversubscribed).toBe(false);
    expect(map.places[0]!.numaNode).toBe(0);
  });
});

describe("devices", () => {
  const twoDevices = [
    { path: "/nvme0", numaNode: 0 },
    { path: "/nvme1", numaNode: 1 },
  ];
  const full = "h1: 1 of 3 servers are not on the NUMA node of their storage: it is full";

  it("puts a server near its device as long as there is room, and says when there is none", () => {
    const storagePaths = [{ path: "/nvme0", numaNode: 1 }];
    const map = build(host("h1", 4, 0, { nodes: 2, coresPerNode: 2, storagePaths }), { serversPerNode: 3 });
    expect(nodesOf(map)).toEqual([1, 1, 0, 0]);
    expect(map.remarks).toEqual([full]);
  });

  it("puts servers near the NICs in turn, or near nothing", () => {
    const storagePaths = [{ path: "/nvme0", numaNode: 1 }];
    const nics = [2, 3].map((numaNode) => ({ name: `mlx5_${numaNode}`, numaNode }));
    const facts = host("h1", 5, 0, { nodes: 4, coresPerNode: 2, storagePaths, nics });
    expect(nodesOf(build(facts, { serversPerNode: 4, near: "nic" })).slice(0, 4)).toEqual([2, 3, 2, 3]);
    expect(nodesOf(build(facts, { serversPerNode: 4, near: "none" })).slice(0, 4)).toEqual([0, 1, 2, 3]);
  });

  it("deals storage paths to the servers of a node, each with a folder of its own", () => {
    const machine = { nodes: 2, coresPerNode: 4, storagePaths: twoDevices };
    const map = build(jobOf(host("h1", 4, 0, machine), host("h2", 4, 4, machine)), { serversPerNode: 3 });
    expect(map.places.map(({ storagePath }) => storagePath)).toEqual([
      ...["/nvme0/rank-0", "/nvme1/rank-1", "/nvme0/rank-2", ""],
      ...["/nvme0/rank-4", "/nvme1/rank-5", "/nvme0/rank-6", ""],
    ]);
    expect(nodesOf(map).slice(0, 3)).toEqual([0, 1, 0]);
    expect(map.remarks).toEqual([]);
  });

  it("says which storage path no server has", () => {
    const map = build(host("h1", 2, 0, { storagePaths: twoDevices }));
    expect(map.remarks).toContain("h1: its only server leaves /nvme1 idle");
  });
});

describe("remarks", () => {
  it("says when ranks of a host cannot share memory", () => {
    const map = build(changeRanks(host("h1", 2), (_, i) => (i === 1 ? { memoryDomain: "another" } : {})));
    expect(map.remarks).toEqual(["h1: its ranks are in different containers and cannot share memory"]);
  });

  it("says once what holds for many hosts", () => {
    const hosts = Array.from({ length: 5 }, (_, h) => host(`h${h}`, 3, 3 * h, { coresPerNode: 2 }));
    expect(build(jobOf(...hosts)).remarks).toEqual(["h0, h1, h2 and 2 more hosts: 3 ranks on 2 cores"]);
  });
});

describe("a map file", () => {
  const mapFile: RankPolicy["mapFile"] = [
    { role: "client", cpus: [3] },
    { role: "server", host: "h1", storagePath: "/scratch/rank-1" },
    { role: "client" },
  ];

  it("decides roles and CPUs, and the policy what it leaves open", () => {
    const map = build(host("h1", 3), { mapFile });
    expect(rolesOf(map)).toBe("c0 s0 c1");
    expect(cpusOf(map)).toEqual(["3", "0", "1"]);
    expect(nodesOf(map)).toEqual([0, 0, 0]);
    expect(map.places[1]!.storagePath).toBe("/scratch/rank-1");
  });

  it("may share CPUs, which the map says", () => {
    const shared = [0, 1, 2].map((i) => ({ ...mapFile[i]!, cpus: [2] }));
    expect(build(host("h1", 3), { mapFile: shared }).remarks).toEqual([
      "h1: the map file gives CPU 2 to several ranks",
    ]);
  });

  it.each<[string, number, RankPolicy["mapFile"], string]>([
    ["of another size", 2, mapFile, "--rank-map has 3 ranks, but the job has 2"],
    [
      "of other hosts",
      3,
      mapFile.map((place) => ({ ...place, host: "node1" })),
      "--rank-map has rank 0 on node1, but it runs on h1: leave the column host out to allow that",
    ],
    [
      "with CPUs that the rank may not use",
      3,
      mapFile.map((place) => ({ ...place, cpus: [3, 4, 5] })),
      "--rank-map gives rank 0 the CPUs 4-5, but on h1 it may use 0-3 only",
    ],
    [
      "with a foreign storage path",
      3,
      mapFile.map((place) => ({ ...place, storagePath: "/other/rank-1" })),
      "--rank-map has rank 1 in /other/rank-1, but by --storage it can be in /scratch/rank-1",
    ],
  ])("is refused %s", (_name, ranks, file, message) => {
    expect(() => build(host("h1", ranks), { mapFile: file! })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message } satisfies Partial<BenchError>),
    );
  });
});
