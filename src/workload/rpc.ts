import type { ServerProbe } from "../client/server-probe.ts";
import { BenchError } from "../core/errors.ts";
import type { WorkloadOptions } from "../report/results.ts";
import { laneBuffers } from "./lane-buffers.ts";
import type { Phase, PhaseWork } from "./phase.ts";
import {
  largeBytes,
  parseRpc,
  type RpcPairs,
  type RpcParams,
  rpcExamples,
  rpcOptions,
  rpcUsage,
} from "./rpc-options.ts";
import { runPhases } from "./runner.ts";
import type { WorkloadContext, WorkloadDefinition } from "./workload.ts";

/** Requests that are measured as one: reading the clock for each would cost a tenth of the rate. */
const pingsPerBatch = 64;

/** The share of the operations, before them, that nobody measures: connections, caches, compiled code. */
const warmUpShare = 0.1;

/** Who talks with whom in a phase; a client that is not there is silent. */
interface Talk {
  readonly name: RpcPairs;
  readonly remarks: string;
  /** Server index by client index. */
  readonly serverOf: ReadonlyMap<number, number>;
}

/** The talks that the parameters ask for, in order. */
function talksOf(params: RpcParams, clients: number, servers: number): Talk[] {
  const talks: Talk[] = [];
  const pair = (name: RpcPairs, client: number, server: number) =>
    talks.push({
      name,
      remarks: `client ${client} with server ${server}`,
      serverOf: new Map([[client, server]]),
    });
  for (const name of params.pairs) {
    if (name === "one") pair("one", 0, 0);
    if (name === "turn") {
      for (let client = 0; client < clients; client++) {
        for (let server = 0; server < servers; server++) pair("turn", client, server);
      }
    }
    if (name === "all") {
      const serverOf = new Map(Array.from({ length: clients }, (_, client) => [client, client % servers] as const));
      talks.push({ name, remarks: "", serverOf });
    }
  }
  return talks;
}

/** `operations` calls of `operate`, after a tenth as many that warm up, before the clock starts. */
function measured(operations: number, lanes: number, operate: (lane: number) => Promise<number>): PhaseWork {
  return {
    operations,
    async setUp() {
      const calls = Math.ceil((operations * warmUpShare) / lanes);
      const warmUp = async (lane: number) => {
        for (let i = 0; i < calls; i++) await operate(lane);
      };
      await Promise.all(Array.from({ length: operations === 0 ? 0 : lanes }, (_, lane) => warmUp(lane)));
    },
    operate: (_, lane) => operate(lane),
  };
}

/** One client in one talk. */
class Talker {
  readonly #probe: ServerProbe;
  readonly #params: RpcParams;
  readonly #server: number | undefined;
  readonly #buffers: readonly Uint8Array[];

  /** @param buffers One for each transfer in flight, of the largest size. @param server Undefined: it is silent. */
  constructor(probe: ServerProbe, params: RpcParams, buffers: readonly Uint8Array[], server: number | undefined) {
    this.#probe = probe;
    this.#params = params;
    this.#buffers = buffers;
    this.#server = server;
  }

  latency(bytes: number): PhaseWork {
    const buffer = this.#buffers[0]!.subarray(0, bytes);
    return this.#work(this.#iterations(bytes), 1, async (server) => {
      await this.#probe.echo(server, buffer);
      return 2 * bytes;
    });
  }

  rate(window: number): PhaseWork {
    const batches = Math.ceil((10 * this.#params.iterations) / pingsPerBatch);
    const work = this.#work(Math.max(window, batches), window, async (server) => {
      await this.#probe.ping(server, pingsPerBatch);
      return 0;
    });
    return { ...work, batch: pingsPerBatch };
  }

  bandwidth(direction: "put" | "get", bytes: number): PhaseWork {
    const { window } = this.#params;
    const buffers = this.#buffers.map((buffer) => buffer.subarray(0, bytes));
    return this.#work(Math.max(window, this.#iterations(bytes)), window, async (server, lane) => {
      if (direction === "put") await this.#probe.take(server, buffers[lane]!);
      else await this.#probe.give(server, buffers[lane]!);
      return bytes;
    });
  }

  #iterations(bytes: number): number {
    return bytes > largeBytes ? this.#params.largeIterations : this.#params.iterations;
  }

  #work(operations: number, lanes: number, operate: (server: number, lane: number) => Promise<number>): PhaseWork {
    const server = this.#server;
    if (server === undefined) return measured(0, lanes, () => Promise.resolve(0));
    return measured(operations, lanes, (lane) => operate(server, lane));
  }
}

/** The phases of one talk: each test with each size or window. */
function talkPhases(params: RpcParams, talker: Talker, { name, remarks }: Talk, iteration: number): Phase[] {
  const { tests, sizesBytes, windows, window } = params;
  const phases: Phase[] = [];
  const add = (test: string, options: WorkloadOptions, work: () => PhaseWork) =>
    phases.push({ phase: `${test}-${name}`, kind: "messages", iteration, options, remarks: () => remarks, work });
  for (const test of tests) {
    if (test === "latency") {
      for (const transferBytes of sizesBytes) {
        add(test, { transferBytes, queueDepth: 1 }, () => talker.latency(transferBytes));
      }
    } else if (test === "rate") {
      for (const queueDepth of windows) add(test, { transferBytes: 0, queueDepth }, () => talker.rate(queueDepth));
    } else {
      for (const transferBytes of sizesBytes) {
        if (transferBytes === 0) continue;
        add(test, { transferBytes, queueDepth: window }, () => talker.bandwidth(test, transferBytes));
      }
    }
  }
  return phases;
}

async function runRpc(context: WorkloadContext, params: RpcParams): Promise<void> {
  const { probe, group } = context;
  if (probe === undefined) {
    throw new BenchError("ERR_CONFIG", "rpc: a plain directory (--target posix:…) has no servers to talk to");
  }
  const talks = talksOf(params, group.size, probe.servers);
  const buffers = laneBuffers(context.fs, params.window, params.sizesBytes.at(-1)!);
  const talkers = talks.map(({ serverOf }) => new Talker(probe, params, buffers, serverOf.get(group.index)));
  const phases = Array.from({ length: params.repetitions }, (_, iteration) =>
    talks.map((talk, i) => talkPhases(params, talkers[i]!, talk, iteration)),
  );
  const shape = {
    workload: "rpc",
    options: { queueDepth: 1 },
    parameters: params,
    innerBarriers: false,
    remarks: "",
  };
  await runPhases(context, shape, phases.flat(2));
}

/** Round trips, message rates and bandwidth between clients and servers, without the file system. */
export const rpc: WorkloadDefinition<RpcParams> = {
  name: "rpc",
  about: "Measures the network between clients and servers: latency, message rate, bandwidth; no file, no storage.",
  usage: rpcUsage,
  examples: rpcExamples,
  options: rpcOptions,
  parse: parseRpc,
  run: runRpc,
};
