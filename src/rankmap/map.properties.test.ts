import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeRanks, host, jobOf } from "../../test/job-facts.ts";
import { parseCpus, showCpus } from "./cpu-list.ts";
import type { JobFacts, RankMap, RankPlace } from "./facts.ts";
import { describedHost } from "./gather-facts.ts";
import { buildRankMap, hashRankMap } from "./map.ts";
import { defaultPolicy, type RankPolicy } from "./policy.ts";

/**
 * Machines as they are in use: NUMA nodes per socket, many small ones, none with threads, four threads per core; and
 * one with job limits, offline CPUs, node numbers with gaps, and memory without CPUs.
 */
const topologies = [
  "pack:2 numa:4 l3:2 core:8 pu:2",
  "pack:2 numa:1 l3:8 core:8 pu:1",
  "pack:4 numa:2 core:4 pu:1",
  "pack:1 numa:4 core:4 pu:4",
  "native/node-hwloc/test/topologies/sparse.xml",
];

const machines = fc.record({
  nodes: fc.integer({ min: 1, max: 4 }),
  coresPerNode: fc.integer({ min: 1, max: 6 }),
  threads: fc.integer({ min: 1, max: 2 }),
  ranks: fc.integer({ min: 2, max: 12 }),
  deviceNodes: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 3 }),
  /** Launcher's binding of each rank: which CPUs, or all. */
  bindings: fc.array(fc.option(fc.array(fc.nat(47), { minLength: 1, maxLength: 6 })), { minLength: 12, maxLength: 12 }),
});

/** Jobs of up to four machines that are all different, with bindings by the launcher. */
const jobs = fc.array(machines, { minLength: 1, maxLength: 4 }).map((list) => {
  let firstRank = 0;
  const parts = list.map((machine, h) => {
    const storagePaths = machine.deviceNodes.map((numaNode, i) => ({ path: `/nvme${i}`, numaNode }));
    const facts = host(`h${h}`, machine.ranks, firstRank, {
      ...machine,
      storagePaths,
      nics: [{ name: "mlx5_0", numaNode: 0 }],
    });
    firstRank += machine.ranks;
    return changeRanks(facts, ({ allowedCpus }, i) => {
      const allowed = parseCpus(allowedCpus)!.filter((cpu) => machine.bindings[i]?.includes(cpu) ?? true);
      return allowed.length === 0 ? {} : { allowedCpus: showCpus(allowed) };
    });
  });
  return jobOf(...parts);
});

const policies: fc.Arbitrary<RankPolicy> = fc
  .record({
    order: fc.constantFrom("spread", "cyclic", "block"),
    near: fc.constantFrom("storage", "nic", "none"),
    smt: fc.constantFrom("together", "idle", "split"),
    systemCores: fc.nat(2),
    clientsPerServer: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  })
  .map((policy) => ({ ...defaultPolicy, ...policy }) as RankPolicy);

const allowedOf = (facts: JobFacts, { rank }: RankPlace) => parseCpus(facts.ranks[rank]!.allowedCpus)!;

/** Most ranks of a host that could have a seat of their own, by trying all ways (Hall's theorem over its subsets). */
function canAllSit(seats: readonly (readonly string[])[]): boolean {
  for (let subset = 1; subset < 2 ** seats.length; subset++) {
    const chosen = seats.filter((_, i) => (subset >> i) % 2 === 1);
    if (new Set(chosen.flat()).size < chosen.length) return false;
  }
  return true;
}

function check(facts: JobFacts, map: RankMap, policy: RankPolicy): void {
  for (const { host: name, cores } of facts.hosts) {
    const places = map.places.filter((place) => place.host === name);
    const short = map.remarks.some(
      (remark) => remark.split(": ")[0]!.split(", ").includes(name) && /ranks on/.test(remark),
    );
    for (const place of places) {
      expect(place.cpus.length).toBeGreaterThan(0);
      expect(place.cpus.filter((cpu) => !allowedOf(facts, place).includes(cpu))).toEqual([]);
      if (short) continue;
      const core = cores.filter(({ pus }) => pus.includes(place.cpus[0]!));
      expect(core).toHaveLength(1);
      expect(core[0]!.pus).toEqual(expect.arrayContaining([...place.cpus]));
      expect(place.numaNode).toBe(core[0]!.numaNode);
      if (policy.smt !== "together") expect(place.cpus).toHaveLength(1);
    }
    if (short) continue;
    const cpus = places.flatMap((place) => place.cpus);
    expect(new Set(cpus).size).toBe(cpus.length);
  }
}

describe("properties of the rank map", () => {
  it("places every rank once, with a consistent role and index", () => {
    fc.assert(
      fc.property(jobs, policies, (facts, policy) => {
        const map = buildRankMap(facts, policy);
        const ranks = facts.ranks.map(({ rank }) => rank);
        expect(map.places.map(({ rank }) => rank)).toEqual(ranks);
        expect([...map.servers, ...map.clients].sort((a, b) => a - b)).toEqual(ranks);
        for (const { rank, role, index, storagePath } of map.places) {
          expect((role === "server" ? map.servers : map.clients)[index]).toBe(rank);
          expect(storagePath === "").toBe(role === "client");
        }
        const paths = map.places
          .filter(({ role }) => role === "server")
          .map((place) => `${place.host} ${place.storagePath}`);
        expect(new Set(paths).size).toBe(map.servers.length);
      }),
    );
  });

  it("never leaves a rank's CPUs, and never gives one twice unless it says so", () => {
    fc.assert(fc.property(jobs, policies, (facts, policy) => check(facts, buildRankMap(facts, policy), policy)));
  });

  it("finds a core of its own for each rank whenever there is a way to", () => {
    const bindings = fc.array(fc.uniqueArray(fc.nat(5), { minLength: 1 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(bindings, policies, (lists, { order }) => {
        const facts = changeRanks(host("h1", lists.length, 0, { nodes: 2, coresPerNode: 3 }), (_, i) => ({
          allowedCpus: showCpus(lists[i]!.toSorted((a, b) => a - b)),
        }));
        const map = buildRankMap(facts, { ...defaultPolicy, order });
        expect(map.oversubscribed).toBe(!canAllSit(lists.map((cpus) => cpus.map(String))));
      }),
    );
  });

  it("uses no core twice while one is free, when threads take ranks", () => {
    fc.assert(
      fc.property(machines, policies, ({ nodes, coresPerNode, ranks }, policy) => {
        const facts = host("h1", ranks, 0, { nodes, coresPerNode, threads: 2 });
        const { places, oversubscribed } = buildRankMap(facts, { ...policy, smt: "split", systemCores: 0 });
        const cores = nodes * coresPerNode;
        expect(oversubscribed).toBe(ranks > 2 * cores);
        const used = new Set(places.map(({ cpus }) => cpus[0]! % cores));
        if (!oversubscribed) expect(used.size).toBe(Math.min(ranks, cores));
      }),
    );
  });

  it("keeps the promise of each order", () => {
    const shapes = fc.record({ nodes: fc.integer({ min: 1, max: 4 }), coresPerNode: fc.integer({ min: 2, max: 6 }) });
    fc.assert(
      fc.property(shapes, fc.integer({ min: 2, max: 24 }), fc.integer({ min: 1, max: 12 }), (shape, ranks, servers) => {
        fc.pre(ranks <= shape.nodes * shape.coresPerNode && servers < ranks);
        const facts = host("h1", ranks, 0, shape);
        const policy = { ...defaultPolicy, serversPerNode: servers };
        const perNode = (map: RankMap, role?: string) =>
          Array.from(
            { length: shape.nodes },
            (_, node) =>
              map.places.filter((place) => place.numaNode === node && (role ?? place.role) === place.role).length,
          );
        const spread = buildRankMap(facts, policy);
        const even = (counts: number[]) => Math.max(...counts) - Math.min(...counts) <= 1;
        expect(even(perNode(spread, "server"))).toBe(true);
        const cyclic = buildRankMap(facts, { ...policy, order: "cyclic" });
        expect(cyclic.places.map(({ numaNode }) => numaNode)).toEqual(cyclic.places.map((_, i) => i % shape.nodes));
        const block = buildRankMap(facts, { ...policy, order: "block" });
        const filled = block.places.map((_, i) => Math.floor(i / shape.coresPerNode));
        expect(block.places.map(({ numaNode }) => numaNode)).toEqual(filled);
      }),
    );
  });

  it("gives the same map whatever the order of the facts, and another hash for another map", () => {
    fc.assert(
      fc.property(jobs, policies, fc.nat(), (facts, policy, rotation) => {
        const map = buildRankMap(facts, policy);
        const turn = rotation % facts.ranks.length;
        const ranks = [...facts.ranks.slice(turn), ...facts.ranks.slice(0, turn)];
        const again = buildRankMap({ ranks, hosts: facts.hosts.toReversed() }, policy);
        expect(again).toEqual(map);
        expect(hashRankMap(again)).toBe(hashRankMap(map));
        expect(hashRankMap(map)).toMatch(/^[0-9a-f]{16}$/);
        const moved = { ...map, places: map.places.map((place) => ({ ...place, cpus: [...place.cpus, 9999] })) };
        expect(hashRankMap(moved)).not.toBe(hashRankMap(map));
      }),
    );
  });

  it.each(topologies)("holds on %s", (topology) => {
    const described = describedHost(topology, ["/nvme0"]);
    const hostFacts = { ...described.facts, host: "h1" };
    const { allowedCpus } = described;
    fc.assert(
      fc.property(policies, fc.integer({ min: 2, max: hostFacts.cores.length + 2 }), (policy, count) => {
        const ranks = Array.from({ length: count }, (_, rank) => ({ rank, host: "h1", memoryDomain: "", allowedCpus }));
        const facts = { ranks, hosts: [hostFacts] };
        check(facts, buildRankMap(facts, policy), policy);
      }),
      { numRuns: 30 },
    );
  });

  it("maps 100,000 ranks on 782 nodes of 128 cores", () => {
    const parts = Array.from({ length: 782 }, (_, h) =>
      host(`h${h}`, Math.min(128, 100_000 - h * 128), h * 128, { nodes: 8, coresPerNode: 16, threads: 2 }),
    );
    const facts = jobOf(...parts);
    const map = buildRankMap(facts, { ...defaultPolicy, clientsPerServer: 15 });
    expect(map.oversubscribed).toBe(false);
    expect(map.servers).toHaveLength(781 * 8 + 2);
    expect(hashRankMap(map)).toMatch(/^[0-9a-f]{16}$/);
  });
});
