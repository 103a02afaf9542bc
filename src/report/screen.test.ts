import { describe, expect, it } from "vitest";
import { phaseFigures, type RankResult } from "./figures.ts";
import { Histogram } from "./histogram.ts";
import type { PhaseResult } from "./results.ts";
import { Screen } from "./screen.ts";

const latency = new Histogram();
for (let us = 1; us <= 1000; us++) latency.record(us * 1000);
const rank: RankResult = {
  client: 0,
  host: "h0",
  openStartS: 0,
  openStopS: 0.01,
  operationsStartS: 0.01,
  operationsStopS: 2.01,
  closeStartS: 2.01,
  closeStopS: 2.5,
  bytes: 1000 * 1048576,
  ops: 1000,
  finished: 1000,
  errors: 0,
  verifyErrors: 0,
  firstError: "",
  stopped: "",
  latency,
};
const write: PhaseResult = {
  workload: "ior",
  phase: "write",
  kind: "transfers",
  iteration: 0,
  options: { blockBytes: 1000 * 1048576, transferBytes: 1048576, queueDepth: 1 },
  parameters: {},
  figures: phaseFigures([rank]),
  valid: true,
  reason: "",
  remarks: "",
};
const create: PhaseResult = {
  ...write,
  workload: "mdtest",
  phase: "file-create",
  kind: "items",
  options: { queueDepth: 1 },
};
const lost: PhaseResult = { ...write, phase: "read", figures: undefined, valid: false, reason: "client 2 is lost" };

/** An output that keeps what was written. */
function memory(isTTY: boolean, columns = 60) {
  const texts: string[] = [];
  return { texts, output: { isTTY, columns, write: (text: string) => texts.push(text) } };
}

describe("Screen", () => {
  it("shows each phase as it ends, then tables", () => {
    const { texts, output } = memory(false);
    const screen = new Screen({ quiet: false, output });
    for (const result of [write, create, lost]) screen.row(result);
    screen.end("/r/results.csv");
    expect(`\n${texts.join("")}`).toMatchInlineSnapshot(`
      "
      ior write #0: 400 MiB/s, 500 ops/s, p50 501 us, p99 989 us, 2.50 s
      mdtest file-create #0: 500 ops/s, p50 501 us, p99 989 us, 2.50 s
      ior read #0: no figures  INVALID: client 2 is lost

      access  bw(MiB/s)  IOPS  Latency(s)  block(KiB)  xfer(KiB)  open(s)  wr/rd(s)  close(s)  total(s)  p50(us)  p99(us)  errors  iter  valid
      ------  ---------  ----  ----------  ----------  ---------  -------  --------  --------  --------  -------  -------  ------  ----  -----
      write         400   500     0.00200     1024000       1024   0.0100      2.00     0.490      2.50      501      989       0     0    yes

      operation           items  rate(ops/s)  total rate(ops/s)  total(s)  p50(us)  p99(us)  max(us)  errors  iter  valid
      ---------           -----  -----------  -----------------  --------  -------  -------  -------  ------  ----  -----
      mdtest file-create   1000          500                500      2.50      501      989     1000       0     0    yes

      3 phases, 1 NOT VALID. Results: /r/results.csv
      "
    `);
  });

  const progress = { workload: "ior", phase: "write", iteration: 1, operations: 200, bytes: 50 * 1048576 };

  it.each([
    ["a file", memory(false)],
    ["mpirun's pseudo-terminal", memory(true, 0)],
  ])("writes a line every 10 s into a log: %s", (_, { texts, output }) => {
    let elapsedS = 0;
    const screen = new Screen({ quiet: false, output, nowMs: () => 5000 + elapsedS * 1000 });
    for (; elapsedS <= 25; elapsedS++) screen.progress({ ...progress, operationsDone: elapsedS * 4, elapsedS });
    expect(texts).toEqual([
      "ior write #1: 20 %, 5.00 MiB/s, 4.00 ops/s of client 0, 10 s\n",
      "ior write #1: 40 %, 2.50 MiB/s, 4.00 ops/s of client 0, 20 s\n",
    ]);
  });

  it("rewrites one line of a terminal, never a longer one, and clears it for what stays", () => {
    const { texts, output } = memory(true);
    let nowMs = 0;
    const screen = new Screen({ quiet: false, output, nowMs: () => nowMs });
    for (; nowMs <= 500; nowMs += 100) screen.progress({ ...progress, operationsDone: 100, elapsedS: 1000 + nowMs });
    screen.text("next");
    screen.text("last");
    expect(texts.length).toBe(4);
    for (const line of texts.slice(0, 2)) {
      expect(line.startsWith("\r\x1b[Kior write #1: 50 %, ")).toBe(true);
      expect(line.length - "\r\x1b[K".length).toBeLessThan(60);
    }
    expect(texts.slice(2)).toEqual(["\r\x1b[Knext\n", "last\n"]);
  });

  it("shows nothing but phases that are not valid if quiet", () => {
    const { texts, output } = memory(false);
    const screen = new Screen({ quiet: true, output });
    screen.text("hello");
    for (const result of [write, lost]) screen.row(result);
    screen.end("/r/results.csv");
    expect(texts).toEqual(["ior read #0: no figures  INVALID: client 2 is lost\n"]);
  });
});
