import { describe } from "vitest";

process.env.UCX_TLS = "tcp,self";
process.env.UCX_NET_DEVICES = "lo";
const { twoProcesses } = await import("./two-processes.ts");

describe("two processes over tcp", () => twoProcesses({ transports: /^tcp\/lo$/, maps: false, failureLimitMs: 500 }));
