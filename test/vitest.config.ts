import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { Verdict } from "./verdict.ts";

const root = resolve(import.meta.dirname, "..");

/** Jobs and native packages have the machine to themselves, one after the other; everything else runs side by side. */
const alone = ["test/e2e/**/*.test.ts", "test/ranks/**/*.test.ts", "native/*/test/**/*.test.ts"];

export default defineConfig({
  root,
  test: {
    reporters: ["default", new Verdict()],
    // Machines of continuous integration are slow and shared: time limits are there to end what hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: "units", include: ["src/**/*.test.ts", "test/*.test.ts"], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: "jobs", include: alone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
