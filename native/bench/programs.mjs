// Starting what is measured: Node.js programs, C anchors, the C tools of the field.
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const longestRunMs = 300_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Loopback alone, as on a machine without other networks. */
const loopback = { OMPI_MCA_btl_tcp_if_include: "lo", OMPI_MCA_oob_tcp_if_include: "lo", UCX_NET_DEVICES: "lo" };

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** The folder of package.json, where `node . run` works. */
export const root = here("../..");

/** Path of a file of programs/. */
export const program = (name) => here(`programs/${name}`);

/** Makes the pair talk over TCP. */
export const tcp = { UCX_TLS: "tcp", UCX_NET_DEVICES: "lo" };

/** What ucx-node puts into its environment, for the same transports in C. */
export const sharedMemory = { UCX_MM_ERROR_HANDLING: "y", UCX_MEM_EVENTS: "n" };

export const pairProgram = [process.execPath, program("pair.mjs")];

/** What the command prints. @throws Error with what it printed on stderr. */
export async function output(command, words, env = {}) {
  const options = { env: { ...process.env, ...env }, timeout: longestRunMs, maxBuffer: 1 << 26 };
  return (await execute(command, words.map(String), options)).stdout;
}

/** Resolves when the child has ended with status 0. @throws Error that names it. */
export async function checked(child, name) {
  const [status, signal] = await once(child, "exit");
  if (status !== 0) throw new Error(`${name} ended with ${signal ?? `status ${status}`}`);
}

/** What the ranks print. As many ranks as cores are bound to one each; more are left to the scheduler. */
export function mpirun(ranks, words) {
  const place = ranks > 2 ? ["--oversubscribe", "--bind-to", "none"] : ["--bind-to", "core"];
  return output("mpirun", ["--allow-run-as-root", ...place, "-n", ranks, ...words], loopback);
}

let folder;

/** Where anchors and other scratch files are, until the process ends. */
export function scratch() {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), "bench-native-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  return folder;
}

/** Compiles anchors/NAME.c once and returns the path of the program. `flags` are words of cc's command line. */
export async function anchor(name, compiler, flags) {
  const path = join(scratch(), name);
  anchors[name] ??= output(compiler, ["-O2", "-o", path, here(`anchors/${name}.c`), ...flags]);
  await anchors[name];
  return path;
}

const anchors = {};

/** The C side of programs/pair.mjs. */
export async function pairAnchor() {
  const flags = (await output("pkg-config", ["--cflags", "--libs", "ucx"])).trim().split(/\s+/);
  return [await anchor("pair", "cc", flags)];
}

let port = 13_400;

/** The last line of ucx_perftest between cores 0 and 1, by name. Times are half a round trip, in microseconds. */
export async function perftest(test, bytes, iterations, env = {}) {
  const words = ["-p", ++port, "-t", test, "-s", bytes, "-n", iterations].map(String);
  const options = { stdio: "ignore", env: { ...process.env, ...env } };
  const server = spawn("taskset", ["-c", "0", "ucx_perftest", ...words], options);
  const ended = checked(server, "ucx_perftest");
  await sleep(300); // it tells nobody when it listens
  const text = await output("taskset", ["-c", 1, "ucx_perftest", "127.0.0.1", ...words, "-v", "-f"], env);
  await ended;
  const fields = text.trim().split("\n").at(-1).split(",").map(Number);
  const [, p50Us, , overallUs, , overallMiBps, , perSecond] = fields;
  return { p50Us, overallUs, overallMiBps, perSecond };
}

/** Debian packages by the command that they bring. */
const packages = { fio: "fio", ucx_perftest: "ucx-utils" };

/** Installs those of the tools that are missing, when it may. @throws Error that says what to install. */
export function requireTools(tools) {
  const missing = () => tools.filter((tool) => spawnSync("which", [tool]).status !== 0);
  const wanted = () => missing().map((tool) => packages[tool]);
  if (wanted().length > 0 && process.getuid() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...words) => spawnSync("apt-get", words, { env }).status === 0;
    const install = () => apt("install", "-y", "--no-install-recommends", ...wanted());
    // Fresh machines have no package lists.
    if (!install() && apt("update")) install();
  }
  if (missing().length > 0) throw new Error(`${missing().join(", ")} missing: apt-get install ${wanted().join(" ")}`);
}
