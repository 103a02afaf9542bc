import * as fs from "node:fs";
import { afterEach, expect } from "vitest";
import { allocate, Ring } from "../index.js";
import { Queue } from "./queue.ts";

const MiB = 1024 * 1024;
const { O_RDWR, O_CREAT } = fs.constants;

/** Undone in reverse order after each test. */
export const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

export function queueOf(options?: ConstructorParameters<typeof Ring>[0]): Queue {
  const ring = new Ring(options);
  cleanups.push(() => ring.close());
  return new Queue(ring);
}

export function folderIn(parent: string): string {
  const folder = fs.mkdtempSync(`${parent}/napi-io-uring-`);
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openIn(parent: string, flags = O_RDWR | O_CREAT): { fd: number; path: string } {
  const path = `${folderIn(parent)}/file`;
  const fd = fs.openSync(path, flags, 0o600);
  cleanups.push(() => fs.closeSync(fd));
  return { fd, path };
}

/** A ring with one buffer and one file in slot 0. */
export function setup({ parent = "/dev/shm", bufferBytes = MiB, flags = O_RDWR | O_CREAT } = {}) {
  const queue = queueOf();
  const buffer = allocate(bufferBytes);
  queue.ring.registerBuffers([buffer]);
  const { fd, path } = openIn(parent, flags);
  expect(queue.ring.registerFile(fd)).toBe(0);
  return { queue, bytes: new Uint8Array(buffer), fd, path };
}
