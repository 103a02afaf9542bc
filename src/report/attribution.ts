import type { PhaseFigures, RankResult } from "./figures.ts";
import { busyShare } from "./process-counters.ts";
import type { ServerCounters } from "./servers.ts";

/** Where the time of one operation went, in microseconds: means over all clients and servers of a phase. */
export interface StageTimes {
  /** The operation as a client sees it. */
  readonly operationUs: number;
  /** Requests to servers that one operation takes. */
  readonly callsPerOperation: number;
  /** What remains of it beside its requests; 0 where it has several in flight, so that their times overlap. */
  readonly clientUs: number;
  /** One request: the network, and waiting in the event loops of both ends. */
  readonly transitUs: number;
  /** … the server's own work, */
  readonly serverUs: number;
  /** … waiting for a buffer, */
  readonly bufferUs: number;
  /** … and the device. */
  readonly deviceUs: number;
}

export type ServerStage = "server" | "buffer" | "device";

/** The server that had most to do, by the time that requests spent in it. */
export interface BusiestServer {
  readonly server: number;
  /** Of that time of all servers: with n servers, 1/n if all have the same. */
  readonly share: number;
  /** Where most of it went. */
  readonly stage: ServerStage;
}

/** What decides whether one thread for each process is still enough. */
export interface Limits {
  /** Most space that a server's names take: beyond 10 GB a cache that threads share might pay. */
  readonly metadataBytes: number;
  /** Largest part of its time that a process worked: beyond 0.8 it is bound by its CPU. */
  readonly busyShare: number;
  /** "server 1", "client 0". */
  readonly busiest: string;
  /** Most requests that a server answered in a second: beyond a million the event loop itself may be the limit. */
  readonly requestsPerS: number;
}

export const limitsMax = { metadataBytes: 10e9, busyShare: 0.8, requestsPerS: 1e6 } as const;

/** Times of a server's requests in one phase, of all of them together, by stage. NaN if none was timed. */
function serverNs(counters: ServerCounters): Record<ServerStage, number> {
  const { requests, serviceNs, serviceSamples, deviceAccesses, deviceNs, deviceSamples, bufferWaitNs } = counters;
  const service = (requests * serviceNs) / serviceSamples;
  const device = deviceSamples === 0 ? 0 : Math.min(service, (deviceAccesses * deviceNs) / deviceSamples);
  const buffer = Math.min(service - device, bufferWaitNs);
  return { server: service - device - buffer, buffer, device };
}

function sum<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((total, one) => total + value(one), 0);
}

/** Servers that had requests which were timed, with the times of all of their requests. */
function timedServers(servers: readonly ServerCounters[]) {
  const all = servers.map((counters, server) => ({ server, counters, ns: serverNs(counters) }));
  return all.filter(({ counters }) => counters.serviceSamples > 0);
}

/** Undefined where nothing was timed: without servers, or with fewer requests than it takes for a sample. */
export function stageTimes(
  figures: PhaseFigures,
  ranks: readonly RankResult[],
  servers: readonly ServerCounters[],
): StageTimes | undefined {
  const callers = ranks.flatMap(({ process }) => (process === undefined || process.callSamples === 0 ? [] : [process]));
  const timed = timedServers(servers);
  if (figures.latency.count === 0 || callers.length === 0 || timed.length === 0) return undefined;
  const calls = sum(callers, (process) => process.calls);
  const callUs = sum(callers, ({ calls, callNs, callSamples }) => (calls * callNs) / callSamples) / calls / 1000;
  const requests = sum(timed, ({ counters }) => counters.requests);
  const us = (stage: ServerStage) => sum(timed, ({ ns }) => ns[stage]) / requests / 1000;
  const [serverUs, bufferUs, deviceUs] = [us("server"), us("buffer"), us("device")];
  const operationUs = figures.latency.meanNs / 1000;
  const callsPerOperation = calls / figures.latency.count;
  return {
    operationUs,
    callsPerOperation,
    clientUs: Math.max(0, operationUs - callsPerOperation * callUs),
    transitUs: Math.max(0, callUs - serverUs - bufferUs - deviceUs),
    serverUs,
    bufferUs,
    deviceUs,
  };
}

/** Undefined where no request was timed. */
export function busiestServer(servers: readonly ServerCounters[]): BusiestServer | undefined {
  const timed = timedServers(servers).map(({ server, ns }) => ({ server, ns, all: ns.server + ns.buffer + ns.device }));
  if (timed.length === 0) return undefined;
  const busiest = timed.reduce((most, one) => (one.all > most.all ? one : most));
  const stages = Object.entries(busiest.ns) as [ServerStage, number][];
  const [stage] = stages.reduce((most, one) => (one[1] > most[1] ? one : most));
  return { server: busiest.server, share: busiest.all / sum(timed, ({ all }) => all), stage };
}

/** @param metadataBytes Of each server, now. Undefined if no process was watched. */
export function limitsOf(
  ranks: readonly RankResult[],
  servers: readonly ServerCounters[],
  metadataBytes: readonly number[],
): Limits | undefined {
  const processes = [
    ...servers.map((counters, i) => ({ name: `server ${i}`, busy: busyShare(counters) })),
    ...ranks.flatMap(({ client, process }) =>
      process === undefined ? [] : [{ name: `client ${client}`, busy: busyShare(process) }],
    ),
  ];
  if (processes.length === 0) return undefined;
  const busiest = processes.reduce((most, one) => (one.busy > most.busy ? one : most));
  const rates = servers.map(({ requests, elapsedNs }) => requests / (elapsedNs / 1e9));
  return {
    metadataBytes: Math.max(0, ...metadataBytes),
    busyShare: busiest.busy,
    busiest: busiest.name,
    requestsPerS: Math.max(0, ...rates),
  };
}

/** The limits that were passed, in words; empty if none was. */
export function passedLimits({ metadataBytes, busyShare, busiest, requestsPerS }: Limits): string {
  return [
    ...(metadataBytes > limitsMax.metadataBytes ? [`metadata of a server: ${metadataBytes} bytes`] : []),
    ...(busyShare > limitsMax.busyShare
      ? [`CPU: ${busiest} was busy ${(100 * busyShare).toFixed(0)} % of the time`]
      : []),
    ...(requestsPerS > limitsMax.requestsPerS ? [`event loop: ${requestsPerS.toFixed(0)} requests/s in a server`] : []),
  ].join("; ");
}
