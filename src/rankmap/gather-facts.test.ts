import { hostname } from "node:os";
import { expect, it } from "vitest";
import { parseCpus } from "./cpu-list.ts";
import { describedHost, localHostFacts, localRankFacts } from "./gather-facts.ts";
import { buildRankMap } from "./map.ts";
import { defaultPolicy } from "./policy.ts";

it("describes this machine so that a map can be made of it", () => {
  const rank = localRankFacts(0);
  expect(rank.host).toBe(hostname());
  expect(rank.memoryDomain).toMatch(/^[0-9a-f-]{36} ipc:\[\d+\]$/);
  const allowed = parseCpus(rank.allowedCpus)!;
  expect(allowed.length).toBeGreaterThan(0);

  const host = localHostFacts(["/tmp/not/there/yet", "/dev/shm"]);
  expect(host.storagePaths.map(({ path }) => path)).toEqual(["/tmp/not/there/yet", "/dev/shm"]);
  expect(host.storagePaths[1]!.numaNode).toBe(-1);
  expect(host.cores.flatMap(({ pus }) => pus)).toEqual(expect.arrayContaining(allowed));
  expect(JSON.parse(JSON.stringify({ rank, host }))).toEqual({ rank, host });

  const map = buildRankMap({ ranks: [rank, { ...rank, rank: 1 }], hosts: [host] }, defaultPolicy);
  expect(map.places.map(({ role }) => role)).toEqual(["server", "client"]);
});

it("describes a machine that is not here, with its limits", () => {
  const described = describedHost("native/node-hwloc/test/topologies/sparse.xml", ["/nvme0"]);
  expect(described.allowedCpus).toBe("0-1");
  expect(described.memoryBytes).toBe(37 * 2 ** 30);
  expect(described.facts.storagePaths).toEqual([{ path: "/nvme0", numaNode: -1 }]);
  // Node 8 has the home of CPUs 1 and 3; nodes 16 and 24 have memory only.
  expect(described.facts.cores).toEqual([
    { pus: [0], numaNode: 0 },
    { pus: [2], numaNode: 0 },
    { pus: [1, 3], numaNode: 8 },
  ]);
  expect(describedHost("pack:2 core:3 pu:2", []).facts.cores).toHaveLength(6);
  expect(() => describedHost("pack:none", [])).toThrow(expect.objectContaining({ code: "ERR_HWLOC" }));
});
