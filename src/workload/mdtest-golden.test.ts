import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CallLog } from "../../test/call-log.ts";
import cases from "../../test/golden/mdtest.json" with { type: "json" };
import { PosixFileSystem } from "../client/posix.ts";
import { mdtest } from "./mdtest.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mdtest-"));
});
afterEach(() => rmSync(root, { recursive: true }));

// The tables come from test/golden/mdtest.py, which has mdtest's recursion in another language.
describe("who does what to which path, in which order, in which phase", () => {
  it.each(cases)("mdtest $command, clients on $hosts", async ({ command, hosts, phases }) => {
    const log = new CallLog(new PosixFileSystem(root), hosts);
    const { rows } = await log.run(mdtest, command);
    expect(log.phases).toEqual(phases);
    expect(rows.map(({ valid, reason }) => [valid, reason])).toEqual(rows.map(() => [true, ""]));
  });
});
