import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findLauncher, launcherArguments, launcherEnvironment } from "./mpirun.ts";

const folder = mkdtempSync(join(tmpdir(), "benchfs-mpirun-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A PATH in which `command` answers `--version` with a text. */
function pathWith(command: string, version: string): { PATH: string } {
  const path = mkdtempSync(join(folder, "path-"));
  writeFileSync(join(path, command), `#!/bin/sh\nprintf '%s\\n' '${version}'\n`, { mode: 0o755 });
  return { PATH: path };
}

describe("findLauncher", () => {
  it("finds the one of this machine", () => {
    expect(findLauncher(process.env).command).toBe("mpirun");
  });

  it.each([
    ["mpirun", "mpirun (Open MPI) 4.1.4", "Open MPI"],
    ["mpirun", "mpirun (Open MPI) 5.0.6", "Open MPI"],
    ["mpiexec", "HYDRA build details:", "Hydra"],
    ["mpirun", "Intel(R) MPI Library for Linux* OS, Version 2021.9", "Hydra"],
  ])("knows %s that says %j", (command, version, kind) => {
    expect(findLauncher(pathWith(command, version))).toEqual({ command, kind });
  });

  it("says what to install when there is none, or another one", () => {
    expect(() => findLauncher({ PATH: folder })).toThrow(
      expect.objectContaining({
        code: "ERR_ENVIRONMENT",
        message: expect.stringContaining("apt-get install openmpi-bin"),
      }),
    );
    expect(() => findLauncher(pathWith("mpirun", "another 1.0"))).toThrow(/mpirun \(another 1\.0\) is neither/);
  });
});

describe("the command line and environment of mpirun", () => {
  it("lets root run, and leaves binding to the ranks", () => {
    expect(launcherArguments("Open MPI", 4, true).join(" ")).toBe(
      "-n 4 --oversubscribe --bind-to none --quiet --allow-run-as-root",
    );
    expect(launcherArguments("Open MPI", 4, false)).not.toContain("--allow-run-as-root");
    expect(launcherArguments("Hydra", 4, true).join(" ")).toBe("-n 4 -bind-to none");
  });

  it("stays on loopback on one host, unless the user says otherwise", () => {
    expect(launcherEnvironment({ HOME: "/root" })).toMatchObject({
      HOME: "/root",
      OMPI_MCA_btl_tcp_if_include: "lo",
      OMPI_MCA_oob_tcp_if_include: "lo",
      UCX_NET_DEVICES: "lo",
    });
    const own = launcherEnvironment({ UCX_NET_DEVICES: "mlx5_0:1", OMPI_MCA_btl_tcp_if_exclude: "eth0" });
    expect(own.UCX_NET_DEVICES).toBe("mlx5_0:1");
    expect(own).not.toHaveProperty("OMPI_MCA_btl_tcp_if_include");
  });

  it("leaves the network alone within an allocation of several nodes", () => {
    for (const allocation of [{ SLURM_JOB_NUM_NODES: "2" }, { PBS_NODEFILE: "/var/spool/pbs/aux/0.h1" }]) {
      expect(launcherEnvironment(allocation)).not.toHaveProperty("UCX_NET_DEVICES");
    }
    expect(launcherEnvironment({ SLURM_JOB_NUM_NODES: "1" }).UCX_NET_DEVICES).toBe("lo");
  });
});

describe("launch", { timeout: 40_000 }, () => {
  const program = fileURLToPath(new URL("./test-programs/self-launched.mjs", import.meta.url));

  function start(...words: string[]) {
    const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += bytes));
    const status = new Promise<number | string>((resolve) => {
      child.once("close", (code, signal) => resolve(code ?? signal!));
    });
    return { child, output: () => text, status };
  }

  it("starts the ranks, more than there are cores, and passes their status on without words of mpirun", async () => {
    const job = start("5", "end-with", "6");
    expect(await job.status).toBe(6);
    expect(job.output().trim().split("\n").sort()).toEqual(["up 0", "up 1", "up 2", "up 3", "up 4"]);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("gives the ranks time to end in order after %s", async (signal) => {
    const job = start("2", "wait-for-signal", "3000");
    while (job.output().match(/up/g)?.length !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
    job.child.kill(signal);
    expect(await job.status).toBe(130);
    expect(job.output().match(/ended in order/g)).toHaveLength(2);
  });

  it("ends the ranks at once after a second signal", async () => {
    const job = start("2", "wait-for-signal", "30000");
    while (job.output().match(/up/g)?.length !== 2) await new Promise((resolve) => setTimeout(resolve, 20));
    job.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 300));
    job.child.kill("SIGINT");
    expect(await job.status).toBe(130);
    expect(job.output()).not.toContain("ended in order");
  });
});
