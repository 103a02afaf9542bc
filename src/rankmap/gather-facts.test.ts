import { hostname } from "node:os";
import { expect, it } from "vitest";
import { localFacts } from "./gather-facts.ts";
import { buildRankMap } from "./map.ts";

it("describes this machine so that a map can be made of it", () => {
  const facts = localFacts(0, ["/tmp/not/there/yet", "/dev/shm"]);
  expect(facts.host).toBe(hostname());
  expect(facts.memoryDomain).toMatch(/^[0-9a-f-]{36} ipc:\[\d+\]$/);
  expect(facts.allowedCpus.length).toBeGreaterThan(0);
  expect(facts.storagePaths.map(({ path }) => path)).toEqual(["/tmp/not/there/yet", "/dev/shm"]);
  expect(facts.storagePaths[1]!.numaNode).toBe(-1);
  const processingUnits = facts.cores.flatMap(({ pus }) => pus);
  expect(processingUnits).toEqual(expect.arrayContaining([...facts.allowedCpus]));
  expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);

  const map = buildRankMap([facts, { ...facts, rank: 1 }], { bind: "auto" });
  expect(map.places.map(({ role }) => role)).toEqual(["server", "client"]);
});
