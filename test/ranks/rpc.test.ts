import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { errno } from "../../src/core/errno.ts";
import { mpirun } from "../mpirun.ts";

// Rank 0 dies on purpose, so mpirun is told to let the others live.
const survive = { OMPI_MCA_orte_enable_recovery: "1" };

describe("RPC, RMA and collectives over UCX between processes", () => {
  it.each([
    { ranks: 2, env: {} },
    { ranks: 5, env: {} },
    { ranks: 2, env: { UCX_TLS: "tcp,self" } },
  ])("$ranks ranks, $env", async ({ ranks, env }) => {
    const { status, stdout, stderr } = await mpirun(ranks, ["node", "test/ranks/rpc.mjs"], {
      env: { ...survive, ...env },
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    const seen = JSON.parse(stdout.trim());
    expect(seen).toMatchObject({
      broadcast: true,
      wrongEchoes: 0,
      wrongCopies: 0,
      unknown: -constants.errno.ENOSYS,
      late: -constants.errno.ETIMEDOUT,
      killed: -errno.EHOSTDOWN,
      inFlight: -errno.EHOSTDOWN,
      lostPeer: 0,
      afterwards: -errno.EHOSTDOWN,
      putAfterwards: -errno.EHOSTDOWN,
    });
    expect(seen.outOfBounds).toBeLessThan(0);
    expect(seen.noticedInMs).toBeLessThan(5000);
    expect(seen.transport).toMatch(ranks === 2 && "UCX_TLS" in env ? /tcp/ : /memory/);
  });
});
