import { describe, expect, it } from "vitest";
import { execute, root } from "../../test/mpirun.ts";
import { parseCpus } from "../rankmap/cpu-list.ts";
import type { RankPlace, Whereabouts } from "../rankmap/facts.ts";
import { localRankFacts } from "../rankmap/gather-facts.ts";
import { describeDeviations } from "./binding.ts";

function place(rank: number, cpus: readonly number[], numaNode: number): RankPlace {
  return { rank, host: `h${rank}`, localRank: 0, role: "server", index: 0, numaNode, cpus, storagePath: "" };
}

/** What a process finds that binds itself so: one of its own, since a binding cannot be widened again everywhere. */
async function found(cpus: readonly number[], numaNode: number, arenaBytes = 8 << 20): Promise<Whereabouts> {
  const program = `
    import { bindToPlace, lookAround } from "${root}/dist/launcher/binding.js";
    const place = ${JSON.stringify(place(0, cpus, numaNode))};
    console.log(JSON.stringify(lookAround(place, new Uint8Array(${arenaBytes}), bindToPlace(place))));`;
  const { stdout, stderr } = await execute("node", ["--input-type=module", "-e", program]);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("a rank that has bound itself", () => {
  const [first] = parseCpus(localRankFacts(0).allowedCpus)!;

  it("knows its CPUs and the NUMA nodes of its arena", async () => {
    const { cpus, arenaBytes, localShare, remarks } = await found([first!], -1);
    expect({ cpus, localShare, remarks }).toEqual({ cpus: String(first), localShare: null, remarks: [] });
    expect(arenaBytes.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeGreaterThan((8 << 20) - 4096);
    const [node] = arenaBytes[0]!;
    expect(await found([first!], node)).toMatchObject({ localShare: 1, remarks: [] });
  });

  it("says what the kernel refused, and what became of it", async () => {
    const { remarks, localShare } = await found([4095], 999);
    expect(remarks).toEqual([
      expect.stringMatching(/^the kernel refused to bind to CPUs 4095: hwloc_set_cpubind/),
      expect.stringMatching(/^the kernel refused to bind memory to NUMA node 999: /),
      expect.stringMatching(/^runs on CPU \d+ instead of 4095$/),
      "100 % of its arena is not on NUMA node 999",
    ]);
    expect(localShare).toBe(0);
  });
});

it("the lead says each deviation once", () => {
  const of = (...remarks: string[]): Whereabouts => ({ cpus: "0", arenaBytes: [], localShare: null, remarks });
  const places = [0, 1, 2, 3, 4].map((rank) => place(rank, [0], 0));
  expect(describeDeviations(places, [of("a"), of("a", "b"), of("a"), of(), of("a")])).toEqual([
    "ranks 0 (h0), 1 (h1), 2 (h2) and 1 more: a",
    "rank 1 (h1): b",
  ]);
});
