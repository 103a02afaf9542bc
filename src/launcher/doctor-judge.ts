import { clock, limits, mechanisms, type Needs, type Outcome, outcome, storage, transports } from "./doctor-checks.ts";
import type { NodeFigures, NodeFindings } from "./doctor-findings.ts";
import { median, slowNodes } from "./doctor-slow.ts";

/** One thing that was looked at, on nodes with the same outcome; no nodes: what is found says which. */
export interface Check extends Outcome {
  readonly hosts: readonly string[];
}

/**
 * Judges what was found. Pure.
 * @param clocksMs How far each node's clock is ahead of the first one's, in the order of `nodes`.
 * @param figures In the order of `nodes`.
 * @param mapRemarks Of the rank map.
 */
export function judge(
  nodes: readonly NodeFindings[],
  clocksMs: readonly number[],
  figures: readonly NodeFigures[],
  needs: Needs,
  mapRemarks: readonly string[],
): Check[] {
  const perNode = nodes.flatMap((node, i) =>
    [
      ...limits(node, needs),
      ...mechanisms(node),
      ...storage(node, needs),
      clock(clocksMs[i]!),
      ...transports(figures[i]!),
    ].map((result) => ({ host: node.host, result })),
  );
  const slow = slowNodes(figures).map(({ host, what, mibS, medianMibS }) => ({
    host,
    result: outcome(
      "slow node",
      "warn",
      `${what}: ${rate(mibS)}, the median of all nodes is ${rate(medianMibS)}`,
      "leave it out: --exclude-slow FILE, then mpirun --hostfile FILE or srun --nodelist",
    ),
  }));
  return [...versions(nodes), ...judgeMap(mapRemarks, nodes), ...merged([...perNode, ...slow])];
}

/** Equal outcomes of several nodes are one check. */
function merged(results: readonly { readonly host: string; readonly result: Outcome }[]): Check[] {
  const checks = new Map<string, Outcome & { hosts: string[] }>();
  for (const { host, result } of results) {
    const key = JSON.stringify(result);
    const known = checks.get(key);
    if (known === undefined) checks.set(key, { ...result, hosts: [host] });
    else known.hosts.push(host);
  }
  const order = [...new Set(results.map(({ result }) => result.name))];
  return [...checks.values()].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

const versionNames = { node: "Node.js", kernel: "Linux", mpi: "MPI", ucx: "UCX" } as const;

function versions(nodes: readonly NodeFindings[]): Check[] {
  return (Object.keys(versionNames) as (keyof typeof versionNames)[]).flatMap((key) => {
    const differ = new Set(nodes.map((node) => node.versions[key])).size > 1;
    const advice =
      key === "kernel" ? "figures of nodes may differ for that reason" : "load the same modules on all nodes";
    const verdict = !differ ? "ok" : key === "kernel" ? "warn" : "fail";
    return merged(
      nodes.map(({ host, versions }) => ({
        host,
        result: outcome(versionNames[key], verdict, versions[key], differ ? advice : ""),
      })),
    );
  });
}

function judgeMap(remarks: readonly string[], nodes: readonly NodeFindings[]): Check[] {
  if (remarks.length === 0) {
    return [
      { ...outcome("rank map", "ok", "every rank has what was asked for"), hosts: nodes.map(({ host }) => host) },
    ];
  }
  const advice = "see node . plan with the same options";
  return remarks.map((remark) => ({ ...outcome("rank map", "warn", remark, advice), hosts: [] }));
}

/** Medians over all nodes of what was measured, for the reader who knows the hardware. */
export function describeSpeed(figures: readonly NodeFigures[]): string[] {
  const links = (key: "within" | "between") => figures.map((node) => node[key]).filter((link) => link !== null);
  const paths = [...new Set(figures.flatMap(({ devices }) => devices.map(({ path }) => path)))];
  const device = (path: string) => figures.flatMap(({ devices }) => devices.filter((one) => one.path === path));
  const link = (name: string, key: "within" | "between") =>
    links(key).length === 0
      ? []
      : [
          `${name}: ${median(links(key).map(({ roundTripUs }) => roundTripUs)).toFixed(1)} us there and back, ${rate(median(links(key).map(({ mibS }) => mibS)))}`,
        ];
  return [
    ...link("Within a node", "within"),
    ...link("Between nodes", "between"),
    ...paths.map((path) => {
      const [write, read] = [device(path).map((one) => one.writeMibS), device(path).map((one) => one.readMibS)];
      return `${path}: write ${rate(median(write))}, read ${rate(median(read))}`;
    }),
  ];
}

function rate(mibS: number): string {
  return `${mibS < 100 ? mibS.toPrecision(3) : Math.round(mibS)} MiB/s`;
}
