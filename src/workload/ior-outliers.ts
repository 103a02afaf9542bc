import type { RankResult } from "../report/figures.ts";

/** What IOR compares with -j: when a client started and ended, and how long each part took it. */
const times: Readonly<Record<string, (rank: RankResult) => number>> = {
  "start time": (rank) => rank.openStartS,
  "open time": (rank) => rank.openStopS - rank.openStartS,
  "transfer time": (rank) => rank.operationsStopS - rank.operationsStartS,
  "close time": (rank) => rank.closeStopS - rank.closeStartS,
  "end time": (rank) => rank.closeStopS,
};

/** A remark is a cell of a table: of many outliers it names the first ones. */
const namedMax = 4;

/** Which clients are more than `thresholdS` seconds from the mean of all, for a remark; empty if none is. */
export function outliers(ranks: readonly RankResult[], thresholdS: number): string {
  const found = Object.entries(times).flatMap(([name, valueS]) => {
    const meanS = ranks.reduce((sumS, rank) => sumS + valueS(rank), 0) / ranks.length;
    return ranks
      .map(({ client, host }, index) => ({ client, host, fromMeanS: valueS(ranks[index]!) - meanS }))
      .filter(({ fromMeanS }) => Math.abs(fromMeanS) > thresholdS)
      .map(({ client, host, fromMeanS }) => {
        const side = fromMeanS > 0 ? "above" : "below";
        return `client ${client} (${host}): ${name} ${Math.abs(fromMeanS).toFixed(3)} s ${side} the mean`;
      });
  });
  if (found.length === 0) return "";
  const more = found.length > namedMax ? `, and ${found.length - namedMax} more` : "";
  return `-j: ${found.slice(0, namedMax).join(", ")}${more}`;
}
