import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BenchError } from "../core/errors.ts";
import type { RankFacts, RankMap } from "./facts.ts";
import { buildRankMap, hashRankMap, type RankPolicy } from "./map.ts";

interface Machine {
  readonly nodes?: number;
  readonly coresPerNode?: number;
  readonly threads?: number;
  /** CPUs that all ranks may use; all of the machine if absent. */
  readonly allowedCpus?: readonly number[];
  readonly storagePaths?: RankFacts["storagePaths"];
}

/** Facts of `ranks` ranks on one machine; the threads of a core are half of the machine apart, as on x86. */
function host(name: string, ranks: number, firstRank = 0, machine: Machine = {}): RankFacts[] {
  const { nodes = 1, coresPerNode = 4, threads = 1 } = machine;
  const coreCount = nodes * coresPerNode;
  const cores = Array.from({ length: coreCount }, (_, core) => ({
    core,
    pus: Array.from({ length: threads }, (_, thread) => core + thread * coreCount),
    numaNode: Math.floor(core / coresPerNode),
  }));
  const allowedCpus = machine.allowedCpus ?? cores.flatMap(({ pus }) => pus);
  const storagePaths = machine.storagePaths ?? [{ path: "/scratch", numaNode: -1 }];
  return Array.from({ length: ranks }, (_, i) => ({
    rank: firstRank + i,
    host: name,
    memoryDomain: `boot-${name}`,
    allowedCpus,
    cores,
    storagePaths,
  }));
}

const auto: RankPolicy = { bind: "auto" };
const cpusOf = (map: RankMap) => map.places.map(({ cpus }) => cpus.join(","));
const rolesOf = (map: RankMap) => map.places.map(({ role, index }) => `${role[0]}${index}`).join(" ");

describe("roles", () => {
  it("lets the first half of each node's ranks serve, numbered host by host", () => {
    const map = buildRankMap([...host("h1", 4), ...host("h2", 3, 4)], auto);
    expect(rolesOf(map)).toBe("s0 s1 c0 c1 s2 c2 c3");
    expect(map.servers).toEqual([0, 1, 4]);
    expect(map.clients).toEqual([2, 3, 5, 6]);
    expect(map.hosts).toEqual(["h1", "h2"]);
    expect(map.places.map(({ localRank }) => localRank)).toEqual([0, 1, 2, 3, 0, 1, 2]);
  });

  it("numbers host by host when ranks are dealt round robin", () => {
    const facts = [0, 1, 2, 3].map((rank) => host(rank % 2 === 0 ? "h1" : "h2", 1, rank)[0]!);
    const map = buildRankMap(facts, auto);
    expect(map.servers).toEqual([0, 1]);
    expect(map.clients).toEqual([2, 3]);
  });

  it("takes servers-per-node", () => {
    const map = buildRankMap([...host("h1", 4), ...host("h2", 4, 4)], { ...auto, serversPerNode: 1 });
    expect(map.servers).toEqual([0, 4]);
  });

  it("takes dedicated-servers instead", () => {
    const facts = [...host("h1", 2), ...host("h2", 3, 2), ...host("h3", 1, 5)];
    const map = buildRankMap(facts, { ...auto, dedicatedServers: 1 });
    expect(map.servers).toEqual([0, 1]);
    expect(map.clients).toEqual([2, 3, 4, 5]);
  });

  it.each<[string, RankFacts[], RankPolicy, string]>([
    ["one rank", host("h1", 1), auto, "1 rank on 1 node make 1 server and no client: start more ranks"],
    [
      "one rank per node",
      [...host("h1", 1), ...host("h2", 1, 1)],
      auto,
      "2 ranks on 2 nodes make 2 servers and no client: start more ranks, or take --dedicated-servers 1",
    ],
    [
      "all ranks servers",
      host("h1", 2),
      { ...auto, serversPerNode: 2 },
      "2 ranks on 1 node make 2 servers and no client: start more ranks or fewer servers",
    ],
    ["too many", host("h1", 2), { ...auto, serversPerNode: 3 }, "--servers-per-node 3: h1 has only 2 ranks"],
    [
      "all nodes dedicated",
      host("h1", 4),
      { ...auto, dedicatedServers: 1 },
      "--dedicated-servers 1 leaves no node for clients: the job has 4 ranks on 1 node",
    ],
  ])("refuses %s", (_name, facts, policy, message) => {
    expect(() => buildRankMap(facts, policy)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message } satisfies Partial<BenchError>),
    );
  });
});

describe("cores", () => {
  it("gives each rank a core with its sibling threads", () => {
    const map = buildRankMap(host("h1", 4, 0, { coresPerNode: 4, threads: 2 }), auto);
    expect(cpusOf(map)).toEqual(["0,4", "1,5", "2,6", "3,7"]);
    expect(map.oversubscribed).toBe(false);
    expect(map.remarks).toEqual([]);
  });

  it("spreads servers over NUMA nodes, and clients too", () => {
    const map = buildRankMap(host("h1", 8, 0, { nodes: 4, coresPerNode: 2 }), auto);
    expect(map.places.map(({ numaNode }) => numaNode)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(new Set(cpusOf(map)).size).toBe(8);
  });

  it("puts a server near its device as long as there is room", () => {
    const storagePaths = [{ path: "/nvme0", numaNode: 1 }];
    const map = buildRankMap(host("h1", 4, 0, { nodes: 2, coresPerNode: 2, storagePaths }), {
      ...auto,
      serversPerNode: 3,
    });
    expect(map.places.map(({ numaNode }) => numaNode)).toEqual([1, 1, 0, 0]);
  });

  it("deals storage paths to the servers of a node, each with a folder of its own", () => {
    const storagePaths = [
      { path: "/nvme0", numaNode: 0 },
      { path: "/nvme1", numaNode: 1 },
    ];
    const machine = { nodes: 2, coresPerNode: 4, storagePaths };
    const map = buildRankMap([...host("h1", 4, 0, machine), ...host("h2", 4, 4, machine)], {
      ...auto,
      serversPerNode: 3,
    });
    expect(map.places.map(({ storagePath }) => storagePath)).toEqual([
      ...["/nvme0/rank-0", "/nvme1/rank-1", "/nvme0/rank-2", ""],
      ...["/nvme0/rank-4", "/nvme1/rank-5", "/nvme0/rank-6", ""],
    ]);
    expect(map.places.map(({ numaNode }) => numaNode).slice(0, 3)).toEqual([0, 1, 0]);
  });

  it("stays within the CPUs of a cpuset", () => {
    const map = buildRankMap(host("h1", 2, 0, { coresPerNode: 4, threads: 2, allowedCpus: [2, 6, 7] }), auto);
    expect(cpusOf(map)).toEqual(["2,6", "7"]);
  });

  it("stays within the bindings of the launcher, whatever their order", () => {
    const [a, b] = host("h1", 2) as [RankFacts, RankFacts];
    const map = buildRankMap([a, { ...b, allowedCpus: [0] }], auto);
    expect(cpusOf(map)).toEqual(["1", "0"]);
  });

  it("leaves all ranks of a host on all of its CPUs when they outnumber its cores", () => {
    const map = buildRankMap([...host("h1", 5, 0, { nodes: 2, coresPerNode: 2 }), ...host("h2", 2, 5)], auto);
    expect(cpusOf(map)).toEqual([...Array(5).fill("0,1,2,3"), "0", "1"]);
    expect(map.places[0]!.numaNode).toBe(-1);
    expect(map.oversubscribed).toBe(true);
    expect(map.remarks).toEqual(["h1: 5 ranks on 4 cores"]);
  });

  it("says when a launcher put two ranks on one core though there are others", () => {
    const facts = host("h1", 2).map((rank, i) => ({ ...rank, allowedCpus: i === 0 ? [0] : [0] }));
    const wide = [...facts, ...host("h1", 1, 2)];
    const map = buildRankMap(wide, auto);
    expect(map.remarks).toEqual(["h1: 3 ranks on 4 cores, but the launcher binds some of them to the same core"]);
    expect(cpusOf(map)).toEqual(["0", "0", "0,1,2,3"]);
  });

  it("does not bind when told so, and says nothing of cores that suffice", () => {
    const map = buildRankMap(host("h1", 2), { bind: "none" });
    expect(cpusOf(map)).toEqual(["0,1,2,3", "0,1,2,3"]);
    expect(map.oversubscribed).toBe(false);
    expect(map.places[0]!.numaNode).toBe(0);
  });

  it("takes nodes whose numbers have gaps, as beside memory without CPUs", () => {
    const facts = host("h1", 2, 0, { nodes: 2, coresPerNode: 1 }).map((rank) => ({
      ...rank,
      cores: rank.cores.map((core) => ({ ...core, numaNode: core.numaNode * 8 })),
    }));
    expect(buildRankMap(facts, auto).places.map(({ numaNode }) => numaNode)).toEqual([0, 8]);
  });

  it("says when ranks of a host cannot share memory", () => {
    const [a, b] = host("h1", 2) as [RankFacts, RankFacts];
    const map = buildRankMap([a, { ...b, memoryDomain: "another" }], auto);
    expect(map.remarks).toEqual(["h1: its ranks are in different containers and cannot share memory"]);
  });
});

const machines = fc.record({
  nodes: fc.integer({ min: 1, max: 4 }),
  coresPerNode: fc.integer({ min: 1, max: 6 }),
  threads: fc.integer({ min: 1, max: 2 }),
  ranks: fc.integer({ min: 2, max: 12 }),
  /** Launcher's binding of each rank: which CPUs, or all. */
  bindings: fc.array(fc.option(fc.array(fc.nat(47), { minLength: 1, maxLength: 6 })), { minLength: 12, maxLength: 12 }),
});

/** Jobs of up to four machines that are all different, with bindings by the launcher. */
const jobs = fc.array(machines, { minLength: 1, maxLength: 4 }).map((list) => {
  let firstRank = 0;
  return list.flatMap((machine, h) => {
    const facts = host(`h${h}`, machine.ranks, firstRank, machine).map((rank, i) => {
      const allowed = rank.allowedCpus.filter((cpu) => machine.bindings[i]?.includes(cpu) ?? true);
      return allowed.length === 0 ? rank : { ...rank, allowedCpus: allowed };
    });
    firstRank += machine.ranks;
    return facts;
  });
});

describe("properties", () => {
  it("places every rank once, with a consistent role and index", () => {
    fc.assert(
      fc.property(jobs, (facts) => {
        const map = buildRankMap(facts, auto);
        expect(map.places.map(({ rank }) => rank)).toEqual(facts.map(({ rank }) => rank));
        expect([...map.servers, ...map.clients].sort((a, b) => a - b)).toEqual(facts.map(({ rank }) => rank));
        for (const { rank, role, index } of map.places) {
          expect((role === "server" ? map.servers : map.clients)[index]).toBe(rank);
        }
      }),
    );
  });

  it("never leaves a rank's CPUs, and never gives a core twice unless it says so", () => {
    fc.assert(
      fc.property(jobs, (facts) => {
        const map = buildRankMap(facts, auto);
        for (const name of map.hosts) {
          const places = map.places.filter((place) => place.host === name);
          for (const { rank, cpus } of places) {
            expect(cpus.length).toBeGreaterThan(0);
            expect(cpus.filter((cpu) => !facts[rank]!.allowedCpus.includes(cpu))).toEqual([]);
          }
          if (map.remarks.some((remark) => remark.startsWith(`${name}: `))) continue;
          const cpus = places.flatMap((place) => place.cpus);
          expect(new Set(cpus).size).toBe(cpus.length);
          for (const place of places) {
            const cores = facts[place.rank]!.cores.filter(({ pus }) => pus.includes(place.cpus[0]!));
            expect(cores).toHaveLength(1);
            expect(cores[0]!.pus).toEqual(expect.arrayContaining([...place.cpus]));
            expect(place.numaNode).toBe(cores[0]!.numaNode);
          }
        }
      }),
    );
  });

  it("gives the same map whatever the order of the facts, and another hash for another map", () => {
    fc.assert(
      fc.property(jobs, fc.nat(), (facts, rotation) => {
        const map = buildRankMap(facts, auto);
        const turn = rotation % facts.length;
        const again = buildRankMap([...facts.slice(turn), ...facts.slice(0, turn)], auto);
        expect(again).toEqual(map);
        expect(hashRankMap(again)).toBe(hashRankMap(map));
        expect(hashRankMap(map)).toMatch(/^[0-9a-f]{16}$/);
        const moved = { ...map, places: map.places.map((place) => ({ ...place, cpus: [...place.cpus, 9999] })) };
        expect(hashRankMap(moved)).not.toBe(hashRankMap(map));
      }),
    );
  });

  it("maps 8,192 ranks on 64 nodes of 128 cores within a second", () => {
    const facts = Array.from({ length: 64 }, (_, h) =>
      host(`h${h}`, 128, h * 128, { nodes: 8, coresPerNode: 16, threads: 2 }),
    ).flat();
    const start = performance.now();
    const map = buildRankMap(facts, auto);
    hashRankMap(map);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(map.oversubscribed).toBe(false);
    expect(map.servers).toHaveLength(4096);
  });
});
