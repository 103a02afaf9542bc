/** Whose data each client reads back, by index. */
export interface Partners {
  readonly partnerOf: readonly number[];
  /** Some client reads what its own node wrote, and may find it in a cache of that node. */
  readonly withinNode: boolean;
}

/**
 * Shifts the clients by `nodes` nodes, as IOR does with -C and -Q: the clients in the order of their nodes, rotated by
 * that many times the clients of a node. Where IOR assumes that ranks are laid out in blocks or round robin, the
 * host names are asked. Every client is the partner of exactly one. On one node IOR's shift is none, and so is ours.
 */
export function shiftByNodes(hostOfClient: readonly string[], nodes: number): Partners {
  const clientsOfHost = new Map<string, number[]>();
  for (const [client, host] of hostOfClient.entries()) {
    clientsOfHost.set(host, [...(clientsOfHost.get(host) ?? []), client]);
  }
  const byHost = [...clientsOfHost.values()].flat();
  const clientsPerNode = Math.max(...[...clientsOfHost.values()].map((clients) => clients.length));
  const partnerOf = new Array<number>(byHost.length);
  for (const [position, client] of byHost.entries()) {
    partnerOf[client] = byHost[(position + nodes * clientsPerNode) % byHost.length]!;
  }
  return {
    partnerOf,
    withinNode: partnerOf.some((partner, client) => hostOfClient[partner] === hostOfClient[client]),
  };
}
