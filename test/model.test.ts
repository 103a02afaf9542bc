import { mkdtempSync, rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { PosixFileSystem } from "../src/client/posix.ts";
import { LocalCluster } from "./local-cluster.ts";
import { step } from "./model-operations.ts";
import { type ModelClient, modelClient, runModel } from "./model-run.ts";

/*
 * A failure prints the seed and the path of its shrunken program; MODEL_SEED and MODEL_PATH run that one again,
 * MODEL_RUNS makes more programs.
 */
const seed = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.MODEL_RUNS ?? 25);
const replayPath = process.env.MODEL_PATH;
const parameters = { seed, numRuns: runs, ...(replayPath === undefined ? {} : { path: replayPath }) };

const network = { servers: fc.integer({ min: 1, max: 4 }), networkSeed: fc.nat(), mapped: fc.boolean() };
const program = fc.array(step, { minLength: 40, maxLength: 120, size: "max" });

const folders = mkdtempSync("/dev/shm/benchfs-model-");
let folderCount = 0;
afterAll(() => rmSync(folders, { recursive: true }));

/** Runs `use` with a fresh cluster and an empty plain directory. */
async function withBoth(
  options: { servers: number; networkSeed: number; mapped: boolean; clients: number },
  use: (clients: readonly ModelClient[], model: PosixFileSystem) => Promise<void>,
): Promise<void> {
  const { servers, clients, networkSeed, mapped } = options;
  const cluster = await LocalCluster.start({ servers, clients, seed: networkSeed, mapped, serverBuffers: 3 });
  const folder = mkdtempSync(`${folders}/${folderCount++}-`);
  try {
    await use(cluster.clients.map(modelClient), new PosixFileSystem(folder));
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  }
}

it(`answers as a plain directory does, whichever client asks (seed ${seed})`, { timeout: 60_000 }, async () => {
  let steps = 0;
  const property = fc.asyncProperty(fc.record({ ...network, program }), async ({ program, ...options }) => {
    await withBoth({ ...options, clients: 3 }, async (clients, model) => {
      steps += await runModel(program, clients, model);
    });
  });
  await fc.assert(property, parameters);
  if (replayPath === undefined) expect(steps).toBeGreaterThan(runs * 30);
});

it(`does so for clients at work at the same time, each in a folder (seed ${seed})`, { timeout: 60_000 }, async () => {
  const programs = fc.tuple(program, program, program);
  const property = fc.asyncProperty(fc.record({ ...network, programs }), async ({ programs, ...options }) => {
    await withBoth({ ...options, clients: 3 }, async (clients, model) => {
      const concurrent = programs.map(async (own, index) => {
        const folder = `/client-${index}`;
        await Promise.all([clients[index]!.fs.mkdir(folder), model.mkdir(folder)]);
        await runModel(own, [clients[index]!], model, folder);
      });
      // All of them must have ended before the cluster stops.
      const outcomes = await Promise.allSettled(concurrent);
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    });
  });
  await fc.assert(property, { ...parameters, numRuns: Math.ceil(runs / 3) });
});
