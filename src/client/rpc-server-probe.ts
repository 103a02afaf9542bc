import { errnoName } from "../core/errno.ts";
import { BenchError } from "../core/errors.ts";
import { inlineBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";
import type { CallOptions, Rpc } from "../rpc/service.ts";
import type { ServerProbe } from "./server-probe.ts";

export interface ServerProbeOptions {
  readonly rpc: Rpc;
  /** World ranks of the servers, by server index. */
  readonly servers: readonly number[];
  /** The memory of this process that the servers reach; buffers are views of it. */
  readonly arena: Uint8Array;
}

export class RpcServerProbe implements ServerProbe {
  readonly #rpc: Rpc;
  readonly #servers: readonly number[];
  readonly #arena: Uint8Array;

  constructor({ rpc, servers, arena }: ServerProbeOptions) {
    this.#rpc = rpc;
    this.#servers = servers;
    this.#arena = arena;
  }

  get servers(): number {
    return this.#servers.length;
  }

  async ping(server: number, count: number): Promise<void> {
    const rank = this.#servers[server]!;
    for (let i = 0; i < count; i++) {
      const { status } = await this.#rpc.call(operations.ping, rank, {});
      if (status !== 0) throw failed("ping", server, status);
    }
  }

  async echo(server: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length > inlineBytes) return this.#move("echo", server, 1, 1, bytes);
    const options: CallOptions = { payload: bytes, onPayload: (answer) => bytes.set(answer) };
    const { status } = await this.#rpc.call(operations.echo, this.#servers[server]!, {}, options);
    if (status !== 0) throw failed("echo", server, status);
  }

  take(server: number, bytes: Uint8Array): Promise<void> {
    return this.#move("take", server, 1, 0, bytes);
  }

  give(server: number, bytes: Uint8Array): Promise<void> {
    return this.#move("give", server, 0, 1, bytes);
  }

  async #move(what: string, server: number, take: number, give: number, bytes: Uint8Array): Promise<void> {
    const request = { take, give, lengthBytes: bytes.length, offset: bytes.byteOffset - this.#arena.byteOffset };
    const { status } = await this.#rpc.call(operations.move, this.#servers[server]!, request);
    if (status !== 0) throw failed(what, server, status);
  }
}

function failed(what: string, server: number, status: number): BenchError {
  return new BenchError("ERR_WORKLOAD", `${what} of server ${server}: ${errnoName(status)}`, {
    server,
    errno: -status,
  });
}
