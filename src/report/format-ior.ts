import type { Cell, Column } from "./column.ts";
import type { PhaseFigures } from "./figures.ts";
import type { PhaseResult, RunInfo } from "./results.ts";

export interface IorRow {
  readonly run: RunInfo;
  readonly result: PhaseResult;
  readonly figures: PhaseFigures;
}

/**
 * What IOR calls the phase, if it prints a row for it: "write" or "read". A check is not a row of its own there; the
 * phases of a suite count by what they end with.
 */
export function iorAccess({ kind, phase }: Pick<PhaseResult, "kind" | "phase">): "write" | "read" | undefined {
  if (kind !== "transfers") return undefined;
  return (["write", "read"] as const).find((access) => phase === access || phase.endsWith(`-${access}`));
}

function of(name: string, value: (row: IorRow) => Cell): Column<IorRow> {
  return { name, unit: "", about: "", value };
}

/** The columns of IOR's CSV output, with its header. */
export const iorColumns: readonly Column<IorRow>[] = [
  of("access", ({ result }) => iorAccess(result)),
  of("bw(MiB/s)", ({ figures }) => figures.bandwidthMibS),
  of("IOPS", ({ figures }) => figures.iops),
  of("Latency", ({ figures }) => figures.latencyS),
  of("block(KiB)", ({ result }) => (result.options.blockBytes ?? Number.NaN) / 1024),
  of("xfer(KiB)", ({ result }) => (result.options.transferBytes ?? Number.NaN) / 1024),
  of("open(s)", ({ figures }) => figures.openS),
  of("wr/rd(s)", ({ figures }) => figures.operationsS),
  of("close(s)", ({ figures }) => figures.closeS),
  of("total(s)", ({ figures }) => figures.elapsedS),
  of("numTasks", ({ run }) => run.clients),
  of("iter", ({ result }) => result.iteration),
];
