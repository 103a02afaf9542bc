import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { execute, mpirun } from "../../test/mpirun.ts";
import { MiB } from "../core/units.ts";
import { buildRankMap } from "../rankmap/map.ts";
import { workloads } from "../workload/registry.ts";
import { makeConfig } from "./config.ts";
import { describeJob } from "./described-job.ts";
import { pinnedMemory } from "./host-limits.ts";
import type { Plan } from "./plan-job.ts";

const plan = (...words: string[]) => execute("node", [".", "plan", ...words]);
const made = async (...words: string[]): Promise<Plan> => {
  const { stdout, stderr, status } = await plan(...words, "--print", "json", "ior", "-w", "-F", "-b", "8m", "-t", "1m");
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return JSON.parse(stdout);
};

const epyc = ["--topology", "pack:2 numa:4 core:4 pu:2"];

describe("node . plan of a described job", () => {
  it("has the whole plan as JSON, the same each time", async () => {
    const words = [...epyc, "--hosts", "4", "-n", "64", "--clients-per-server", "3", "--storage", "/nvme0"];
    const first = await made(...words);
    expect(first.map.hosts).toEqual(["node1", "node2", "node3", "node4"]);
    expect(first.map.servers).toHaveLength(16);
    expect(first.map.places[1]).toEqual({
      ...{ rank: 1, host: "node1", localRank: 1, role: "server", index: 1, numaNode: 1, cpus: [8, 9] },
      storagePath: "/nvme0/rank-1",
    });
    expect(first.launch.mpirun).toBe(
      "mpirun -n 64 --map-by ppr:16:node --bind-to none node . run -n 64 --clients-per-server 3 --storage /nvme0 ior -w -F -b 8m -t 1m",
    );
    expect(first.launch.srun).toContain("srun --mpi=pmix -N 4 -n 64 --ntasks-per-node=16 --cpu-bind=none node . run");
    expect(first.memory).toMatchObject({ serverBytes: 76 * MiB, clientBytes: 68 * MiB, problems: [] });
    expect(first.memory.hostBytes).toBe((4 * 76 + 12 * 68) * MiB);
    expect(first.addresses.ranks).toBe(64);
    expect(first.addresses.bytesEach).toBeGreaterThan(20);
    expect(first.endpoints).toEqual({ server: 63, client: 22 });
    expect(first.forecast!.servers.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0)).toBe(48 * 8 * MiB);
    expect((await made(...words)).rankMapHash).toBe(first.rankMapHash);
    expect((await made(...words, "--order", "block")).rankMapHash).not.toBe(first.rankMapHash);
  });

  it("has a rank for each core, and the first hosts one more where they do not divide", async () => {
    expect((await made(...epyc, "--hosts", "2")).map.places).toHaveLength(64);
    const { map } = await made(...epyc, "--hosts", "3", "-n", "8");
    expect(map.places.map(({ host }) => host.at(-1)).join("")).toBe("11122233");
  });

  it("shows tables", async () => {
    const { stdout } = await plan(...epyc, "--hosts", "2", "-n", "4", "--near", "nic", "ior", "-w");
    expect(stdout).toMatch(/^2 servers and 2 clients on 2 nodes, rank map [0-9a-f]{16}\n/);
    expect(stdout).toContain(
      "Note: node1, node2: the NUMA node of no NIC is known, so that its servers are not near one",
    );
    expect(stdout).toMatch(
      /Start: +mpirun -n 4 --map-by ppr:2:node --bind-to none node \. run -n 4 --near nic ior -w\n/,
    );
    expect(stdout).toMatch(/busiest over mean/);
    const plain = await plan(...epyc, "-n", "4", "--target", "posix:/scratch", "ior", "-w");
    expect(plain.stdout).toContain("The workload runs on a plain directory: the servers have nothing to do.");
    const many = await plan(...epyc, "--hosts", "40", "ior", "-r");
    expect(many.stdout).toMatch(/│ least +│/);
    expect(many.stdout).toContain("Note: ior is not in this table: what it does depends on what it finds");
  });

  it("refuses what hwloc cannot read, and more hosts than ranks", async () => {
    const unread = await plan("--topology", "pack:none");
    expect(unread).toMatchObject({ status: 2, stdout: "" });
    expect(unread.stderr).toContain('--topology: hwloc cannot read "pack:none"');
    expect((await plan("--hosts", "3", "-n", "2")).stderr).toBe("benchfs: --ranks 2 on --hosts 3: some have no rank\n");
  });

  it("has help", async () => {
    const { stdout, status } = await plan("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("--topology TEXT");
    expect(stdout).toMatch(/Takes every\s+option of run/);
  });
});

describe("node . plan of the job that it is in", () => {
  it("is made of the facts of all ranks, and its map can be given back", async () => {
    const words = ["--print", "csv", "--servers-per-node", "1", "--storage", "/nvme0"];
    const { stdout, status } = await mpirun(3, ["node", ".", "plan", ...words]);
    expect(status).toBe(0);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(rows.map(({ role }) => role)).toEqual(["server", "client", "client"]);
    expect(await plan("-n", "3", ...words)).toEqual({ status: 0, stdout, stderr: "" });
    const folder = mkdtempSync(join(tmpdir(), "benchfs-plan-"));
    try {
      const path = join(folder, "map.csv");
      writeFileSync(path, stdout);
      const again = await plan("-n", "3", "--print", "csv", "--storage", "/nvme0", "--rank-map", path);
      expect(again).toEqual({ status: 0, stdout, stderr: "" });
      const elsewhere = await plan("-n", "3", "--print", "csv", "--rank-map", path);
      expect(elsewhere.status).toBe(0);
      expect(elsewhere.stdout).not.toContain("/nvme0");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses on all ranks what does not fit them", async () => {
    const { stderr, stdout, status } = await mpirun(2, ["node", ".", "plan", "--servers-per-node", "5"]);
    expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
    expect(stderr.match(/--servers-per-node 5: .* has only 2 ranks/g)).toHaveLength(1);
  });
});

describe("pinnedMemory", () => {
  const config = makeConfig({ argv: ["--chunk-buffers", "100"], environment: {}, workloads });
  const { facts } = describeJob(2, "core:4 pu:1", 4, ["/s"]);
  const map = buildRankMap(facts, config);

  it("names the hosts whose limits are exceeded", () => {
    const limits = new Map([
      ["node1", { memoryBytes: 400 * MiB, memlockBytes: 8 * MiB, sharedBytes: 64 * MiB }],
      ["node2", { memoryBytes: 1000 * MiB, sharedBytes: 128 * MiB }],
    ]);
    const { problems, hostBytes, hostSharedBytes } = pinnedMemory(map, config, limits);
    expect({ hostBytes, hostSharedBytes }).toEqual({ hostBytes: 480 * MiB, hostSharedBytes: 68 * MiB });
    expect(problems).toEqual([
      "node1: its ranks pin 480 MiB, but it has 400 MiB",
      "node1: a rank pins 412 MiB, but RLIMIT_MEMLOCK allows 8 MiB",
      "node1: its clients take 68 MiB, but /dev/shm has 64 MiB",
    ]);
  });
});
