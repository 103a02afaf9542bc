import { describe, expect, it } from "vitest";
import { busiestServer, limitsOf, passedLimits, stageTimes } from "./attribution.ts";
import { phaseFigures, type RankResult } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import type { ClientCounters, ProcessCounters } from "./process-counters.ts";
import type { ServerCounters } from "./servers.ts";

/** A second of which a quarter was slept and another quarter waited. */
const halfBusy: ProcessCounters = {
  elapsedNs: 1e9,
  nativeNs: 1e8,
  waitingNs: 2.5e8,
  javaScriptNs: 4e8,
  asleepNs: 2.5e8,
  collectingNs: 0,
  userNs: 7.5e8,
  systemNs: 0,
};

/** A client with 100 operations of 500 us each, and two calls for each. */
function client(index: number, callUs: number, changed: Partial<ClientCounters> = {}): RankResult {
  const latency = new Histogram();
  for (let i = 0; i < 100; i++) latency.record(500_000);
  const process = { ...halfBusy, calls: 200, callSamples: 10, callNs: 10 * callUs * 1000, ...changed };
  return {
    client: index,
    host: `h${index}`,
    openStartS: 0,
    openStopS: 0,
    operationsStartS: 0,
    operationsStopS: 1,
    closeStartS: 1,
    closeStopS: 1,
    bytes: 0,
    ops: 100,
    finished: 100,
    errors: 0,
    verifyErrors: 0,
    firstError: "",
    stopped: "",
    latency,
    process,
  };
}

/** A server with 200 requests; times are means of one request, of one device access, and of all waits per request. */
function server(
  serviceUs: number,
  deviceUs: number,
  bufferUs = 0,
  changed: Partial<ServerCounters> = {},
): ServerCounters {
  return {
    ...halfBusy,
    requests: 200,
    bytesRead: 0,
    bytesWritten: 0,
    flushes: 0,
    bufferWaits: 0,
    bufferWaitNs: 200 * bufferUs * 1000,
    serviceSamples: 4,
    serviceNs: 4 * serviceUs * 1000,
    deviceAccesses: deviceUs === 0 ? 0 : 200,
    deviceSamples: deviceUs === 0 ? 0 : 5,
    deviceNs: 5 * deviceUs * 1000,
    metadataBytes: 0,
    ...changed,
  };
}

describe("the stages of an operation", () => {
  it("add up to it where its requests follow each other", () => {
    const ranks = [client(0, 100), client(1, 300)];
    // Calls take 200 us in the mean. In the servers 120 us: 50 and 70 of the device, 10 and 0 of buffers, the rest own.
    const stages = stageTimes(phaseFigures(ranks), ranks, [server(100, 50, 10), server(140, 70)])!;
    expect(stages).toMatchObject({ callsPerOperation: 2, clientUs: expect.closeTo(100, 6) });
    expect(stages.transitUs).toBeCloseTo(80, 6);
    expect(stages.deviceUs).toBeCloseTo(60, 6);
    expect(stages.bufferUs).toBeCloseTo(5, 6);
    expect(stages.serverUs).toBeCloseTo(55, 6);
    const { operationUs, callsPerOperation, clientUs, transitUs, serverUs, bufferUs, deviceUs } = stages;
    expect(clientUs + callsPerOperation * (transitUs + serverUs + bufferUs + deviceUs)).toBeCloseTo(operationUs, 6);
  });

  it("leave nothing to the client where its requests overlap", () => {
    const ranks = [client(0, 400)];
    expect(stageTimes(phaseFigures(ranks), ranks, [server(100, 0)])).toMatchObject({ clientUs: 0 });
  });

  it("are not known where nothing was timed", () => {
    const ranks = [client(0, 100)];
    expect(stageTimes(phaseFigures(ranks), ranks, [])).toBeUndefined();
    expect(stageTimes(phaseFigures(ranks), ranks, [server(0, 0, 0, { serviceSamples: 0 })])).toBeUndefined();
    const untimed = [client(0, 0, { callSamples: 0 })];
    expect(stageTimes(phaseFigures(untimed), untimed, [server(100, 50)])).toBeUndefined();
  });
});

describe("the busiest server", () => {
  it("is the one in which requests spent most time, and its stage where most of that went", () => {
    const slowDevice = server(300, 290);
    expect(busiestServer([server(100, 40), slowDevice])).toEqual({ server: 1, share: 0.75, stage: "device" });
    expect(busiestServer([server(100, 10, 60), server(10, 0)])).toMatchObject({ server: 0, stage: "buffer" });
    expect(busiestServer([server(100, 10), server(10, 0)])).toMatchObject({ server: 0, stage: "server" });
  });

  it("is none where no request was timed", () => {
    expect(busiestServer([])).toBeUndefined();
  });
});

describe("the limits of one thread", () => {
  const few = [server(1, 0, 0, { requests: 1e6 })];

  it("are the largest of all processes", () => {
    const ranks = [client(0, 100), client(1, 100, { waitingNs: 0 })];
    const limits = limitsOf(ranks, [server(1, 0), ...few], [5, 7])!;
    expect(limits).toEqual({ metadataBytes: 7, busyShare: 0.75, busiest: "client 1", requestsPerS: 1e6 });
    expect(passedLimits(limits)).toBe("");
  });

  it("are named when they are passed", () => {
    const busy = server(1, 0, 0, { requests: 2e6, waitingNs: 0, asleepNs: 1e8, userNs: 9e8 });
    expect(passedLimits(limitsOf([client(0, 100)], [busy], [11e9])!)).toBe(
      "metadata of a server: 11000000000 bytes; CPU: server 0 was busy 90 % of the time; " +
        "event loop: 2000000 requests/s in a server",
    );
  });

  it("are not known where no process was watched", () => {
    const { process: _, ...unwatched } = client(0, 1);
    expect(limitsOf([unwatched], [], [])).toBeUndefined();
  });
});
