import { describe, expect, it } from "vitest";
import { BufferPool } from "./buffers.ts";

describe("a buffer pool", () => {
  it("gives each buffer once, at its place in the arena", () => {
    const pool = new BufferPool({ offset: 1000, count: 3 }, 100);
    const offsets = [pool.take(), pool.take(), pool.take()].map((buffer) => pool.offsetOf(buffer));
    expect(offsets.sort()).toEqual([1000, 1100, 1200]);
    expect(pool.take()).toBe(-1);
  });

  it("serves waiting peers by turns, each in its order, and forgets who is gone", async () => {
    const pool = new BufferPool({ offset: 0, count: 1 }, 100);
    const buffer = pool.take();
    const order: string[] = [];
    for (const request of ["a1", "a2", "a3", "b1", "c1", "b2"]) {
      void pool.acquire(request.charCodeAt(0)).then((got) => order.push(got === -1 ? `${request} gone` : request));
    }
    pool.abandon("c".charCodeAt(0));
    for (let i = 0; i < 5; i++) {
      pool.release(buffer);
      await Promise.resolve();
    }
    await Promise.resolve();
    expect(order).toEqual(["c1 gone", "a1", "b1", "a2", "b2", "a3"]);
    expect([pool.waits, pool.available]).toEqual([6, 0]);
    pool.release(buffer);
    expect(pool.available).toBe(1);
  });
});
