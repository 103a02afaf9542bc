import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallLog } from "../../test/call-log.ts";
import cases from "../../test/golden/ior.json" with { type: "json" };
import { PosixFileSystem } from "../client/posix.ts";
import { ior } from "./ior.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ior-"));
});
afterEach(() => rmSync(root, { recursive: true }));

// The tables come from test/golden/ior.py, which has IOR's loops in another language.
describe("who accesses which byte of which file, in which order, in which phase", () => {
  it.each(cases)("ior $command, clients on $hosts", async ({ command, hosts, phases }) => {
    const log = new CallLog(new PosixFileSystem(root), hosts);
    const { rows } = await log.run(ior, command);
    expect(log.phases).toEqual(phases);
    expect(rows.map(({ valid, reason }) => [valid, reason])).toEqual(rows.map(() => [true, ""]));
  });
});
