import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { BenchError, failures } from "../core/errors.ts";
import { parseOptions } from "../core/parse-options.ts";
import type { RankMap, RankPlace, Role } from "../rankmap/facts.ts";
import { automaticTimes, Reactor } from "../reactor/reactor.ts";
import { operations } from "../rpc/operations.ts";
import { Collectives, type TreeGroup } from "../rpc/tree-group.ts";
import { UcxRpc } from "../rpc/ucx-rpc.ts";
import { UcxTransport } from "../rpc/ucx-transport.ts";
import { workloads } from "../workload/registry.ts";
import { agreeOnMap } from "./agree-on-map.ts";
import { arenaBytes } from "./arena-bytes.ts";
import { bindToPlace } from "./binding.ts";
import { exchangeAddresses } from "./bootstrap.ts";
import { clockOffsets } from "./clock-offset.ts";
import { makeConfig, type RunConfig } from "./config.ts";
import type { Needs } from "./doctor-checks.ts";
import type { NodeFigures, NodeFindings } from "./doctor-findings.ts";
import { type Check, describeSpeed, judge } from "./doctor-judge.ts";
import { examineNode } from "./doctor-node.ts";
import { doctorCommand, doctorOptions } from "./doctor-options.ts";
import { probeBytes, probeDevice, probeLink } from "./doctor-probe.ts";
import { showChecks } from "./doctor-show.ts";
import { forecastRun } from "./forecast.ts";
import { exchange, joinJob, leaveJob } from "./mpi.ts";
import { jobOptions } from "./options.ts";

/** A rank of the doctor's job between boot and verdict. */
interface Examiner {
  readonly rank: number;
  readonly config: RunConfig;
  readonly map: RankMap;
  readonly transport: UcxTransport;
  /** First rank of each host, in the order of the hosts: they examine their nodes. */
  readonly firsts: readonly number[];
  /** By host. */
  readonly nodes: readonly NodeFindings[];
  /** By host; on rank 0. */
  readonly clocksMs: readonly number[] | undefined;
}

const slots = 64;

/**
 * One rank of `doctor`: boots as a rank of a run does, but with little memory; the first rank of each host examines it.
 * @returns Exit status: on rank 0 that of the verdict, elsewhere 0.
 * @throws BenchError What keeps the ranks from meeting at all, the same on every rank.
 */
export async function examine(argv: readonly string[]): Promise<number> {
  const examiner = boot(argv);
  const { rank, map, transport } = examiner;
  const rpc = new UcxRpc(transport, { rank, callSlots: slots, deadlineMs: examiner.config.rpcTimeoutMs });
  const world = new Collectives(rpc).group(0, [...map.places.keys()]);
  rpc.serve(operations.ping, (_request, incoming) => incoming.respond({}));
  const reactor = new Reactor([transport], automaticTimes(map.oversubscribed));
  reactor.start();
  try {
    const figures = await measure(examiner, rpc, world);
    const gathered = await world.gather(Buffer.from(figures === undefined ? "" : JSON.stringify(figures)));
    const status = gathered === undefined ? 0 : conclude(argv, examiner, gathered);
    // Nobody leaves before all have been heard.
    await world.broadcast();
    await transport.flush();
    return status;
  } finally {
    reactor.stop();
    rpc.close();
    transport.close();
  }
}

function boot(argv: readonly string[]): Examiner {
  const { rank } = joinJob();
  try {
    const read = () => makeConfig({ argv, environment: process.env, workloads, command: doctorCommand });
    const config = exchange(() => (rank === 0 ? read() : null))[0]!;
    const { map } = agreeOnMap(rank, config);
    const firsts = map.places.filter(({ localRank }) => localRank === 0).map((place) => place.rank);
    if (config.bind === "auto") bindToPlace(map.places[rank]!);
    const transport = new UcxTransport({
      kind: "shared",
      payloadBytes: probeBytes,
      landingSlots: slots,
      sendSlots: slots,
      rmaSlots: slots,
    });
    const { host } = map.places[rank]!;
    const found = exchange(() =>
      firsts.includes(rank) ? examineNode(host, config.storagePaths, transport.arena) : null,
    );
    const nodes = firsts.map((first) => found[first]!);
    const clocksMs = clockOffsets(rank, firsts);
    exchangeAddresses(transport);
    return { rank, config, map, transport, firsts, nodes, clocksMs };
  } finally {
    leaveJob();
  }
}

/** Step by step on all nodes at once, so that what they share is under load. @returns undefined on other ranks. */
async function measure(
  { rank, map, transport, firsts, nodes }: Examiner,
  rpc: UcxRpc,
  world: TreeGroup,
): Promise<NodeFigures | undefined> {
  const { host } = map.places[rank]!;
  const index = firsts.indexOf(rank);
  const isFirst = index >= 0;
  const neighbour = map.places.find((place) => place.host === host && place.localRank === 1);
  const next = firsts.length > 1 && isFirst ? map.places[firsts[(index + 1) % firsts.length]!] : undefined;
  const link = async (peer: { rank: number; host: string } | undefined) =>
    (isFirst && peer !== undefined && (await probeLink(transport, rpc, peer))) || null;

  await world.barrier();
  const within = await link(neighbour);
  await world.barrier();
  const between = await link(next);
  await world.barrier();
  if (!isFirst) return undefined;
  const memory = transport.arena.subarray(transport.payloadOffset);
  const devices = nodes[index]!.storage.map(({ path, directError }) => probeDevice(path, memory, directError === ""));
  return { host, within, between, devices: devices.filter((figures) => figures !== undefined) };
}

/** On rank 0. @returns Exit status. */
function conclude(argv: readonly string[], examiner: Examiner, gathered: readonly Uint8Array[]): number {
  const { config, map, nodes, clocksMs, firsts } = examiner;
  const figures = firsts.map((first) => JSON.parse(Buffer.from(gathered[first]!).toString()) as NodeFigures);
  const checks = judge(nodes, clocksMs!, figures, needsOf(config, map), map.remarks);
  console.log(showChecks(checks, describeSpeed(figures), nodes.length));
  const { values } = parseOptions([...jobOptions, ...doctorOptions], argv, doctorCommand.info);
  const path = values["exclude-slow"];
  if (path !== undefined) writeHosts(String(path), map.hosts, checks);
  return checks.some(({ verdict }) => verdict === "fail") ? failures.ERR_ENVIRONMENT.exit : 0;
}

function needsOf(config: RunConfig, map: RankMap): Needs {
  const counts = { servers: map.servers.length, clients: map.clients.length };
  const forecast = forecastRun(config, workloads, counts);
  const places = new Map<string, RankPlace[]>(map.hosts.map((host) => [host, []]));
  for (const place of map.places) places.get(place.host)!.push(place);
  const arenas = (host: string, role: Role) =>
    places
      .get(host)!
      .filter((place) => place.role === role)
      .map(() => arenaBytes(role, config));
  return {
    arenaBytes: (host) => Math.max(...arenas(host, "server"), ...arenas(host, "client")),
    sharedBytes: (host) => arenas(host, "client").reduce((sum, bytes) => sum + bytes, 0),
    storedBytes: (host, path) =>
      forecast.missing.length > 0
        ? undefined
        : places
            .get(host)!
            .filter(({ storagePath }) => dirname(storagePath) === path)
            .reduce((sum, { index }) => sum + forecast.servers[index]!.bytesStored, 0),
    endpointsMax: map.places.length - 1,
    durability: config.durability,
  };
}

/** Hosts that no failed check and no slow figure names. */
function writeHosts(path: string, hosts: readonly string[], checks: readonly Check[]): void {
  const bad = checks
    .filter(({ name, verdict }) => verdict === "fail" || name === "slow node")
    .flatMap((check) => check.hosts);
  const good = hosts.filter((host) => !bad.includes(host));
  try {
    writeFileSync(path, good.map((host) => `${host}\n`).join(""));
  } catch (error) {
    throw new BenchError("ERR_CONFIG", `--exclude-slow ${path}: ${(error as Error).message}`, { path });
  }
  console.log(`${path}: ${good.length} of ${hosts.length} hosts`);
}
