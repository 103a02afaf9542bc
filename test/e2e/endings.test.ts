import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execute, type Finished, mpirun, root } from "../mpirun.ts";
import { pidOfRank, processesOf, TestJob } from "./job.ts";

/** Long enough to be interrupted in the middle of the first phase. */
const longIor = ["ior", "-w", "-r", "-t", "1m", "-b", "64m", "-s", "1000", "-F", "-D", "60"];

describe("how a run ends", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  /** Starts a long job of five ranks (servers 0 and 1, lead client 2), does something to it, and waits for its end. */
  async function disturbed(disturb: () => void): Promise<Finished & { endedInMs: number }> {
    const finished = job.run(5, ["--servers-per-node", "2", ...longIor]);
    const chunks = () => [0, 1].every((rank) => existsSync(join(job.storage, `rank-${rank}`, "chunks.0")));
    for (let i = 0; i < 300 && !(existsSync(join(job.out, "results.csv")) && chunks()); i++) await sleep(100);
    await sleep(1000);
    const start = performance.now();
    disturb();
    const { status, stdout, stderr } = await finished;
    return { status, stdout, stderr, endedInMs: performance.now() - start };
  }

  /** Every phase has a row, none of them claims to be valid, and nothing is left behind. */
  async function expectOrderlyEnd(reason: RegExp): Promise<void> {
    const rows = job.rows("results");
    expect(rows.map(({ phase }) => phase)).toEqual(["write", "read", "remove"]);
    for (const row of rows) expect(row).toMatchObject({ valid: "false", reason: expect.stringMatching(reason) });
    await expectNothingLeft();
  }

  async function expectNothingLeft(): Promise<void> {
    for (let i = 0; i < 100 && processesOf(job.folder).length > 0; i++) await sleep(100);
    expect(processesOf(job.folder)).toEqual([]);
    expect(job.leftovers).toEqual([]);
  }

  const kill = (rank: number, signal: NodeJS.Signals) => process.kill(pidOfRank(job.folder, rank)!, signal);

  it.each([
    { who: "a server", rank: 1 },
    { who: "a client", rank: 4 },
  ])(
    "SIGKILL of $who: the others report it, clean up and fail",
    async ({ rank }) => {
      const { status, stderr, endedInMs } = await disturbed(() => kill(rank, "SIGKILL"));
      expect(status).toBe(4);
      expect(stderr).toContain(`benchfs: the run ended early: rank ${rank} died`);
      expect(endedInMs).toBeLessThan(15_000);
      await expectOrderlyEnd(new RegExp(`rank ${rank} died`));
    },
    90_000,
  );

  it("SIGKILL of the lead: the others notice and end, and one of them says so", async () => {
    const { status, stderr } = await disturbed(() => kill(2, "SIGKILL"));
    expect(status).not.toBe(0);
    expect(stderr.split("\n").filter((line) => line.endsWith("rank 2 died"))).toHaveLength(1);
    await expectNothingLeft();
  }, 90_000);

  it("SIGTERM of one rank ends the run in order", async () => {
    const { status, stderr } = await disturbed(() => kill(0, "SIGTERM"));
    expect(status).toBe(130);
    expect(stderr).toContain("benchfs: the run ended early: stopped by SIGTERM");
    await expectOrderlyEnd(/SIGTERM/);
  }, 90_000);

  it("SIGUSR2 to mpirun, as a scheduler sends it before the walltime, ends the run in order", async () => {
    const launcher = () =>
      processesOf(job.folder).find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "mpirun");
    const { status } = await disturbed(() => process.kill(launcher()!, "SIGUSR2"));
    expect(status).toBe(130);
    await expectOrderlyEnd(/SIGTERM|SIGUSR2/);
  }, 90_000);

  it("SIGKILL of mpirun: the ranks notice and clean up", async () => {
    const launcher = () =>
      processesOf(job.folder).find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "mpirun");
    await disturbed(() => process.kill(launcher()!, "SIGKILL"));
    await expectNothingLeft();
  }, 90_000);

  it("a full storage path is a reason on the row, not a crash", async () => {
    // 48 MiB of room for 256 MiB of data.
    mkdirSync(job.storage);
    await execute("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", job.storage]);
    try {
      const ior = ["ior", "-w", "-r", "-t", "1m", "-b", "128m", "-F"];
      const { status, stderr } = await job.run(4, ["--servers-per-node", "2", ...ior]);
      expect({ status, stderr: stderr.includes("ERR_BUG") }).toEqual({ status: 6, stderr: false });
      const write = job.rows("results").find(({ phase }) => phase === "write");
      expect(write).toMatchObject({ valid: "false", reason: expect.stringContaining("ENOSPC") });
    } finally {
      await execute("umount", [job.storage]);
    }
  }, 90_000);
});

describe("what is refused before anything starts", () => {
  let job: TestJob;
  beforeEach(() => {
    job = new TestJob();
  });
  afterEach(() => job.remove());

  it.each([
    { what: "an unknown option", ranks: 2, args: ["--servers-per-nod", "1"], says: /--servers-per-node/, exit: 2 },
    { what: "an unknown workload", ranks: 2, args: ["iorr"], says: /ior/, exit: 2 },
    { what: "a bad size", ranks: 2, args: ["ior", "-t", "4q"], says: /-t.*4q/, exit: 2 },
    { what: "no client", ranks: 2, args: ["--servers-per-node", "2"], says: /client/, exit: 2 },
    { what: "no server", ranks: 2, args: ["--servers-per-node", "0"], says: /servers-per-node.*0.*1/, exit: 2 },
    { what: "one rank", ranks: 1, args: ["ior", "-w"], says: /client|rank/, exit: 2 },
    { what: "a missing parent", ranks: 2, args: ["--storage", "/nonexistent/x/y"], says: /\/nonexistent\/x/, exit: 5 },
    { what: "a file as storage", ranks: 2, args: ["--storage", "/etc/hostname"], says: /\/etc\/hostname/, exit: 5 },
  ])(
    "$what: one message, a status of its own, nothing left",
    async ({ ranks, args, says, exit }) => {
      const { status, stderr } = await job.run(ranks, args);
      const messages = stderr.split("\n").filter((line) => line.startsWith("benchfs:"));
      expect(messages).toHaveLength(1);
      expect(messages[0]).toMatch(says);
      expect(status).toBe(exit);
      expect(job.leftovers).toEqual([]);
    },
    60_000,
  );

  it("a read-only storage path", async () => {
    mkdirSync(job.storage);
    await execute("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", job.storage]);
    try {
      const { status, stderr } = await job.run(2, ["ior", "-w"]);
      expect(status).toBe(5);
      expect(stderr).toContain("EROFS");
    } finally {
      await execute("umount", [job.storage]);
    }
  }, 60_000);

  it("an arena that this user may not lock", async () => {
    chmodSync(job.folder, 0o777);
    // As an ordinary user, with the limit that Debian gives.
    const run = ["node", ".", "run", "--storage", job.storage, "--out", job.out, "ior", "-w"];
    const limited = `ulimit -l 8192; exec mpirun --oversubscribe --bind-to none -n 2 ${run.join(" ")}`;
    const user = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "env", "HOME=/tmp", "bash", "-c", limited];
    const { status, stderr } = await execute("setpriv", user);
    expect(stderr).toContain("RLIMIT_MEMLOCK");
    expect(status).toBe(3);
  }, 60_000);

  it("ranks of different builds", async () => {
    const other = join(job.folder, "checkout");
    mkdirSync(other);
    for (const name of ["node_modules", "native", "package.json"]) symlinkSync(join(root, name), join(other, name));
    cpSync(join(root, "dist"), join(other, "dist"), { recursive: true });
    appendFileSync(join(other, "dist/core/limits.js"), "// another build\n");
    const options = ["run", "--storage", job.storage, "--out", job.out, "ior", "-w"];
    const { status, stderr } = await mpirun(1, ["node", ".", ...options, ":", "-n", "1", "node", other, ...options]);
    expect(stderr).toMatch(/rank 0 on .* runs build .*, rank 1 on .* build/);
    expect(status).toBe(3);
  }, 60_000);
});
