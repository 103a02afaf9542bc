import { spawn } from "node:child_process";
import { userInfo } from "node:os";
import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Open MPI and UCX of a test stay on this host's loopback. */
export const loopback = {
  OMPI_MCA_btl_tcp_if_include: "lo",
  OMPI_MCA_oob_tcp_if_include: "lo",
  UCX_NET_DEVICES: "lo",
};

/** Runs a program and waits for its end; it is killed after `timeoutMs`. */
export function execute(
  command: string,
  args: readonly string[],
  { timeoutMs = 60_000, env = {} as Record<string, string>, cwd = root } = {},
): Promise<Finished> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...loopback, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
}

/** `mpirun` as a user of this machine would type it for `ranks` ranks. */
export function mpirun(ranks: number, args: readonly string[], options: Parameters<typeof execute>[2] = {}) {
  const root = userInfo().uid === 0 ? ["--allow-run-as-root"] : [];
  return execute("mpirun", ["--oversubscribe", "--bind-to", "none", ...root, "-n", String(ranks), ...args], options);
}
