import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWorkload } from "../../test/run-workload.ts";
import { PosixFileSystem } from "../client/posix.ts";
import type { ServerProbe } from "../client/server-probe.ts";
import { BenchError } from "../core/errors.ts";
import { rpc } from "./rpc.ts";
import { parseRpc } from "./rpc-options.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "rpc-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Counts what each client asks of each server, warm-up included. */
function run(command: string, { clients = 2, servers = 3, fails = "" } = {}) {
  const asked: Record<string, number> = {};
  const probeOf = (client: number): ServerProbe => {
    const count = async (what: string, server: number, times: number) => {
      if (what === fails) throw new BenchError("ERR_WORKLOAD", `${what} of server ${server}: EHOSTDOWN`);
      const key = `${client}>${server} ${what}`;
      asked[key] = (asked[key] ?? 0) + times;
    };
    return {
      servers,
      ping: (server, times) => count("ping", server, times),
      echo: (server, bytes) => count(`echo ${bytes.length}`, server, 1),
      take: (server, bytes) => count(`take ${bytes.length}`, server, 1),
      give: (server, bytes) => count(`give ${bytes.length}`, server, 1),
    };
  };
  const adapt = (context: Parameters<typeof rpc.run>[0]) => ({ ...context, probe: probeOf(context.group.index) });
  return runWorkload(rpc, command, { fs: new PosixFileSystem(root), clients, adapt }).then((result) => ({
    ...result,
    asked,
  }));
}

describe("rpc", () => {
  it("measures round trips of doubling sizes, windows, and both directions", async () => {
    const { rows } = await run("-p one -m 4 -W 4 -w 2 -i 100");
    expect(
      rows.map(({ phase, options, figures }) => [phase, options.transferBytes, options.queueDepth, figures!.ops]),
    ).toEqual([
      ["latency-one", 0, 1, 100],
      ["latency-one", 1, 1, 100],
      ["latency-one", 2, 1, 100],
      ["latency-one", 4, 1, 100],
      ["rate-one", 0, 1, 1024],
      ["rate-one", 0, 2, 1024],
      ["rate-one", 0, 4, 1024],
      ["put-one", 1, 2, 100],
      ["put-one", 2, 2, 100],
      ["put-one", 4, 2, 100],
      ["get-one", 1, 2, 100],
      ["get-one", 2, 2, 100],
      ["get-one", 4, 2, 100],
    ]);
    expect(rows.every(({ kind, valid }) => kind === "messages" && valid)).toBe(true);
    const of = (wanted: string) => rows.find(({ phase }) => phase === wanted)!.figures!;
    expect([of("latency-one").bytes, of("put-one").bytes]).toEqual([0, 100]);
    // A batch of requests is one sample of their latency.
    expect(of("rate-one").latency.count).toBe(16);
  });

  it("has pairs talk alone, in turn, or all at once", async () => {
    const { rows, asked } = await run("-t latency -p one,turn,all --min-size 8 -m 8 -i 10");
    expect(rows.map(({ phase, remarks, figures }) => [phase, remarks, figures!.ops])).toEqual([
      ["latency-one", "client 0 with server 0", 10],
      ["latency-turn", "client 0 with server 0", 10],
      ["latency-turn", "client 0 with server 1", 10],
      ["latency-turn", "client 0 with server 2", 10],
      ["latency-turn", "client 1 with server 0", 10],
      ["latency-turn", "client 1 with server 1", 10],
      ["latency-turn", "client 1 with server 2", 10],
      ["latency-all", "", 20],
    ]);
    // A tenth more warms up.
    expect(asked).toEqual({
      "0>0 echo 8": 33,
      "0>1 echo 8": 11,
      "0>2 echo 8": 11,
      "1>0 echo 8": 11,
      "1>1 echo 8": 22,
      "1>2 echo 8": 11,
    });
  });

  it("counts calls that fail", async () => {
    const { rows } = await run("-t rate -p one -W 1 -i 64", { fails: "ping" });
    expect(rows).toMatchObject([{ valid: false, reason: expect.stringContaining("ping of server 0: EHOSTDOWN") }]);
  });

  it("needs servers", async () => {
    const { outcomes } = await runWorkload(rpc, "", { fs: new PosixFileSystem(root), clients: 1 });
    expect(outcomes).toMatchObject([{ status: "rejected", reason: { code: "ERR_CONFIG" } }]);
  });

  it.each([
    [["-t", "latency,speed"], /--tests "speed" is none of latency, rate, put, get/],
    [["-p", "some"], /--pairs "some" is none of one, turn, all/],
    [["--min-size", "8", "-m", "4"], /--min-size 8 is more than --max-size 4/],
    [["-m", "8m"], /max-size/],
    [["fast"], /"fast" is no option/],
  ])("refuses %j", (argv, message) => {
    expect(() => parseRpc(argv)).toThrow(message);
  });
});
