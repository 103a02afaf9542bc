import { describe } from "vitest";

process.env.UCX_TLS = "tcp,self";
process.env.UCX_NET_DEVICES = "lo";
const { twoProcesses } = await import("./two-processes.ts");

describe("two processes over tcp", { timeout: 20_000 }, () =>
  twoProcesses({ transports: /^tcp\/lo$/, maps: false, failureLimitMs: 1000 }),
);
