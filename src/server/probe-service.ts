import { errno } from "../core/errno.ts";
import { chunkBytes } from "../core/limits.ts";
import { operations } from "../rpc/operations.ts";
import type { RemoteMemory } from "../rpc/remote-memory.ts";
import type { Rpc } from "../rpc/service.ts";
import type { BufferPool } from "./buffers.ts";

/** Serves the operations that measure payload without storage; every rank serves `ping` anyway. */
export function serveProbes(rpc: Rpc, memory: RemoteMemory, buffers: BufferPool): void {
  rpc.serve(operations.echo, (_, incoming) => {
    const { payload } = incoming;
    if (payload.length > 0) incoming.replyBuffer().set(payload);
    incoming.respond({}, payload.length);
  });

  const move = async (take: boolean, give: boolean, bytes: number, offset: number, peer: number): Promise<number> => {
    const buffer = await buffers.acquire(peer);
    if (buffer === -1) return -errno.EHOSTDOWN;
    const at = buffers.offsetOf(buffer);
    const taken = take ? await memory.get(peer, offset, at, bytes) : 0;
    const given = give && taken === 0 ? await memory.put(peer, offset, at, bytes) : 0;
    buffers.release(buffer);
    return taken !== 0 ? taken : given;
  };
  rpc.serve(operations.move, ({ take, give, lengthBytes, offset }, incoming) => {
    if (lengthBytes === 0 || lengthBytes > chunkBytes) return incoming.fail(-errno.EINVAL);
    void move(take === 1, give === 1, lengthBytes, offset, incoming.peer).then((status) =>
      status === 0 ? incoming.respond({}) : incoming.fail(status),
    );
  });
}
