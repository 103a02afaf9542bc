import { describe, expect, it } from "vitest";
import type { RankMap, RankPlace } from "./facts.ts";
import { rankMapColumns, showRankMap } from "./show.ts";

function map(ranks: number): RankMap {
  const places = Array.from({ length: ranks }, (_, rank): RankPlace => {
    const host = `h${Math.floor(rank / 4)}`;
    const role = rank % 4 === 0 ? "server" : "client";
    const storagePath = role === "server" ? `/scratch/rank-${rank}` : "";
    return { rank, host, localRank: rank % 4, role, index: 0, numaNode: -1, cpus: [rank % 4], storagePath };
  });
  const hosts = [...new Set(places.map(({ host }) => host))];
  return { places, servers: [], clients: [], hosts, oversubscribed: false, remarks: ["h0: 4 ranks on 2 cores"] };
}

describe("showRankMap", () => {
  it("has a line for each of few ranks, and the remarks", () => {
    const text = showRankMap(map(8));
    expect(text.match(/server 0|client 0/g)).toHaveLength(8);
    expect(text).toContain("/scratch/rank-4");
    expect(text).toContain("Note: h0: 4 ranks on 2 cores");
  });

  it("has a line for each host of many ranks", () => {
    const text = showRankMap(map(400));
    expect(text).toMatch(/h99 .* 1 .* 3 .* 0-3/);
    expect(text).not.toContain("rank-4");
    expect(text.split("\n").length).toBeLessThan(110);
  });
});

it("the columns of rankmap.csv", () => {
  expect(rankMapColumns.map(({ name }) => name).join(",")).toBe(
    "rank,host,local_rank,role,index,numa_node,cpus,storage_path",
  );
  const cells = rankMapColumns.map((column) => column.value(map(8).places[4]!));
  expect(cells).toEqual([4, "h1", 0, "server", 0, -1, "0", "/scratch/rank-4"]);
});
