import { describe, expect, it } from "vitest";
import { errno } from "../core/errno.ts";
import { inlineBytes } from "../core/limits.ts";
import { LocalNetwork } from "./local.ts";
import { operations } from "./operations.ts";

function network(ranks: number, seed?: number): LocalNetwork {
  const arenas = Array.from({ length: ranks }, () => new Uint8Array(4096));
  return new LocalNetwork(arenas, seed === undefined ? {} : { seed });
}

describe("a call", () => {
  it("carries the declared fields and the payload both ways, and the status", async () => {
    const [client, server] = network(2).ranks;
    server!.rpc.serve(operations.readInline, (request, incoming) => {
      expect(incoming.peer).toBe(0);
      if (request.ino === 404) return incoming.fail(-errno.ENOENT);
      incoming.replyBuffer().set(incoming.payload, 1);
      incoming.replyBuffer()[0] = request.chunk;
      incoming.respond({}, incoming.payload.length + 1);
    });
    const request = { ino: 2 ** 52 + 1, chunk: 7, offsetBytes: 1, lengthBytes: 2, undeclared: 3 };
    let received: number[] = [];
    const onPayload = (payload: Uint8Array) => {
      received = [...payload];
    };
    const options = { payload: Uint8Array.of(1, 2), onPayload };
    const reply = await client!.rpc.call(operations.readInline, 1, request, options);
    expect(reply).toEqual({ status: 0 });
    expect(received).toEqual([7, 1, 2]);
    const refused = await client!.rpc.call(operations.readInline, 1, { ...request, ino: 404 });
    expect(refused.status).toBe(-errno.ENOENT);
  });

  it("fails with ENOSYS without a handler, with ETIMEDOUT after its deadline", async () => {
    const [client, server] = network(2).ranks;
    expect((await client!.rpc.call(operations.ping, 1, {})).status).toBe(-errno.ENOSYS);
    server!.rpc.serve(operations.ping, () => {});
    expect((await client!.rpc.call(operations.ping, 1, {}, { deadlineMs: 5 })).status).toBe(-errno.ETIMEDOUT);
  });

  it("refuses a payload that would not fit into a slot", () => {
    const [client] = network(2).ranks;
    const payload = new Uint8Array(inlineBytes + 1);
    expect(() => client!.rpc.call(operations.ping, 1, {}, { payload })).toThrow("payload");
  });

  it("spoils a payload once its request is answered, as a reused slot would", async () => {
    const [client, server] = network(2).ranks;
    let kept: Uint8Array | undefined;
    server!.rpc.serve(operations.ping, (_request, incoming) => {
      kept = incoming.payload;
      incoming.respond({});
    });
    await client!.rpc.call(operations.ping, 1, {}, { payload: Uint8Array.of(1) });
    expect(kept![0]).not.toBe(1);
  });
});

it("runs afterBatch once for the requests that arrive together", async () => {
  const [client, server] = network(2).ranks;
  const batches: number[] = [];
  let waiting: (() => void)[] = [];
  server!.rpc.serve(operations.ping, (_request, incoming) => waiting.push(() => incoming.respond({})));
  server!.rpc.afterBatch(() => {
    batches.push(waiting.length);
    for (const answer of waiting) answer();
    waiting = [];
  });
  await Promise.all([1, 2, 3].map(() => client!.rpc.call(operations.ping, 1, {})));
  expect(batches).toEqual([3]);
});

it("moves bytes between arenas, at the time of the transfer", async () => {
  const [a, b] = network(2).ranks;
  a!.arena.set([1, 2, 3], 8);
  const done = a!.memory.put(1, 100, 8, 3);
  expect(b!.arena[100]).toBe(0);
  expect(await done).toBe(0);
  expect([...b!.arena.subarray(100, 103)]).toEqual([1, 2, 3]);
  expect(await b!.memory.get(0, 8, 0, 2)).toBe(0);
  expect([...b!.arena.subarray(0, 2)]).toEqual([1, 2]);
});

it.each([1, 2, 3])("keeps the order of a pair of ranks, whatever the seed (%i), and repeats itself", async (seed) => {
  const run = async (): Promise<number[]> => {
    const [a, b, server] = network(3, seed).ranks;
    const arrived: number[] = [];
    server!.rpc.serve(operations.flush, (_request, incoming) => incoming.respond({}));
    server!.rpc.serve(operations.revokeDirectory, (request, incoming) => {
      arrived.push(request.directory);
      incoming.respond({});
    });
    const calls = Array.from({ length: 20 }, (_, directory) =>
      (directory % 2 === 0 ? a! : b!).rpc.call(operations.revokeDirectory, 2, { directory }),
    );
    await Promise.all(calls);
    return arrived;
  };
  const arrived = await run();
  for (const parity of [0, 1]) {
    const ofOne = arrived.filter((lease) => lease % 2 === parity);
    expect(ofOne).toEqual([...ofOne].sort((x, y) => x - y));
  }
  expect(arrived).not.toEqual([...arrived].sort((x, y) => x - y));
  expect(await run()).toEqual(arrived);
});

it("ends what concerns a killed rank with EHOSTDOWN and tells the others", async () => {
  const local = network(3);
  const [a, b, c] = local.ranks;
  const lost: string[] = [];
  a!.rpc.onPeerLost((peer) => lost.push(`a lost ${peer}`));
  b!.rpc.onPeerLost((peer) => lost.push(`b lost ${peer}`));
  c!.rpc.onPeerLost((peer) => lost.push(`c lost ${peer}`));
  c!.rpc.serve(operations.ping, (_request, incoming) => incoming.respond({}));
  const underWay = a!.rpc.call(operations.ping, 1, {});
  const transfer = a!.memory.put(1, 0, 0, 1);
  const ownCall = b!.rpc.call(operations.ping, 2, {});
  const ownTransfer = b!.memory.get(2, 0, 0, 1);
  local.kill(1);
  expect((await underWay).status).toBe(-errno.EHOSTDOWN);
  expect(await transfer).toBe(-errno.EHOSTDOWN);
  expect((await ownCall).status).toBe(-errno.EHOSTDOWN);
  expect(await ownTransfer).toBe(-errno.EHOSTDOWN);
  expect((await a!.rpc.call(operations.ping, 1, {})).status).toBe(-errno.EHOSTDOWN);
  expect(await a!.memory.put(1, 0, 0, 1)).toBe(-errno.EHOSTDOWN);
  expect((await a!.rpc.call(operations.ping, 2, {})).status).toBe(0);
  expect(lost).toEqual(["a lost 1", "c lost 1"]);
});
