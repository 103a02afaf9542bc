import { describe } from "vitest";

process.env.UCX_TLS = "posix,sysv,cma,self";
const { twoProcesses } = await import("./two-processes.ts");

describe("two processes over shared memory", { timeout: 20_000 }, () =>
  twoProcesses({ transports: /^(sysv|posix)\/memory/, maps: true, failureLimitMs: 1000 }),
);
