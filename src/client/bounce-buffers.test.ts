import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { BounceBuffers } from "./bounce-buffers.ts";

it("BounceBuffers give each buffer to one taker, the first first", async () => {
  const bounceBuffers = new BounceBuffers([new Uint8Array(1), new Uint8Array(1)]);
  const [a, b] = await Promise.all([bounceBuffers.take(), bounceBuffers.take()]);
  expect(a).not.toBe(b);
  const order: string[] = [];
  const third = bounceBuffers.take().then(() => order.push("third"));
  const fourth = bounceBuffers.take().then(() => order.push("fourth"));
  await turn();
  expect(order).toEqual([]);
  bounceBuffers.give(a!);
  await third;
  bounceBuffers.give(b!);
  await fourth;
  expect(order).toEqual(["third", "fourth"]);
});

it("BounceBuffers that were all retired leave nobody waiting", async () => {
  const bounceBuffers = new BounceBuffers([new Uint8Array(1)]);
  await bounceBuffers.take();
  const waiting = bounceBuffers.take();
  bounceBuffers.retire();
  expect([await waiting, await bounceBuffers.take()]).toEqual([undefined, undefined]);
});
