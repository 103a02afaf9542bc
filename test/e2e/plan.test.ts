import { afterEach, beforeEach, expect, it } from "vitest";
import { mpirun } from "../mpirun.ts";
import { TestJob } from "./job.ts";

let job: TestJob;
beforeEach(() => {
  job = new TestJob();
});
afterEach(() => job.remove());

it("a run has the map that was planned, and spreads its data as planned", async () => {
  const words = [
    "--servers-per-node",
    "3",
    "--order",
    "block",
    "ior",
    "-w",
    "-r",
    "-F",
    "-t",
    "1m",
    "-b",
    "13m",
    "-i",
    "2",
  ];
  const planned = await mpirun(6, ["node", ".", "plan", "--storage", job.storage, "--print", "json", ...words]);
  const { rankMapHash, forecast } = JSON.parse(planned.stdout);
  expect(await job.run(6, words)).toMatchObject({ status: 0, stderr: "" });
  for (const row of job.rows("results")) expect(row.rank_map_hash).toBe(rankMapHash);

  const servers = job.rows("servers");
  const moving = servers.filter(({ phase }) => phase !== "remove");
  expect(moving).toHaveLength(2 * 2 * 3);
  for (const row of moving) expect(row.payload_share).toBe(row.planned_share);
  expect(servers.filter(({ phase }) => phase === "remove").map((row) => row.planned_share)).toEqual(Array(6).fill(""));
  const written = (server: number) =>
    moving.filter((row) => row.server === String(server)).reduce((sum, row) => sum + Number(row.written_bytes), 0);
  expect([0, 1, 2].map(written)).toEqual(forecast.servers.map((one: { bytesWritten: number }) => one.bytesWritten));
});
