import type { NodeFigures } from "./doctor-findings.ts";

/** A node that reaches less than this part of the median of all nodes is slow. */
const slowShare = 0.7;
/** With fewer nodes there is no saying which one is the odd one out. */
const nodesMin = 3;

/** A figure of a node that falls behind those of the others. */
export interface SlowNode {
  readonly host: string;
  /** "write to /nvme0". */
  readonly what: string;
  readonly mibS: number;
  readonly medianMibS: number;
}

/**
 * Nodes whose devices or memory are slow, and nodes whose links are: a link has two ends, so a node is only blamed when
 * both of its links are slow, unless there is no node beyond.
 * @param figures In the order in which nodes measured their successor, the last one the first.
 */
export function slowNodes(figures: readonly NodeFigures[]): SlowNode[] {
  if (figures.length < nodesMin) return [];
  const paths = [...new Set(figures.flatMap(({ devices }) => devices.map(({ path }) => path)))];
  const device = (path: string, key: "writeMibS" | "readMibS") =>
    figures.map(({ devices }) => devices.find((device) => device.path === path)?.[key]);
  const links = figures.map(({ between }) => between?.mibS);
  const before = figures.map((_, i) => links.at(i - 1));
  // The better of a node's two links: if that is slow, the node is. Their median is one of good nodes, while that of
  // the links would be one of bad links when one of three nodes is slow.
  const better = links.map((mibS, i) => (mibS === undefined ? undefined : Math.max(mibS, before[i] ?? mibS)));
  return [
    ...paths.flatMap((path) => [
      ...fallingBehind(figures, `write to ${path}`, device(path, "writeMibS")),
      ...fallingBehind(figures, `read from ${path}`, device(path, "readMibS")),
    ]),
    ...fallingBehind(
      figures,
      "transfers within the node",
      figures.map(({ within }) => within?.mibS),
    ),
    ...fallingBehind(figures, "transfers to other nodes", better),
  ];
}

function fallingBehind(
  figures: readonly NodeFigures[],
  what: string,
  values: readonly (number | undefined)[],
): SlowNode[] {
  const medianMibS = median(values.filter((value) => value !== undefined));
  return figures.flatMap(({ host }, i) => {
    const mibS = values[i];
    return mibS !== undefined && mibS < slowShare * medianMibS ? [{ host, what, mibS, medianMibS }] : [];
  });
}

/** 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
