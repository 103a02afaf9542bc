import { GlibcRandom } from "./glibc-random.ts";

/** Whose data each client reads back, by index. */
export interface Partners {
  readonly partnerOf: readonly number[];
  /** Some client reads what its own node wrote, and may find it in a cache of that node. */
  readonly withinNode: boolean;
}

/**
 * Shifts the clients by `nodes` nodes, as IOR does with -C and -Q: the clients in the order of their nodes, rotated by
 * that many times the clients of a node; or by one client for each node where they are laid out round robin. On other
 * layouts IOR's shift may stay on a node, but ours asks the host names. Every client is the partner of exactly one. On
 * one node IOR's shift is none, and so is ours.
 */
export function shiftByNodes(hostOfClient: readonly string[], nodes: number): Partners {
  const clientsOfHost = new Map<string, number[]>();
  for (const [client, host] of hostOfClient.entries()) {
    clientsOfHost.set(host, [...(clientsOfHost.get(host) ?? []), client]);
  }
  const isRoundRobin =
    hostOfClient.length % clientsOfHost.size === 0 &&
    hostOfClient.every((host, client) => host === hostOfClient[client % clientsOfHost.size]);
  const order = isRoundRobin ? [...hostOfClient.keys()] : [...clientsOfHost.values()].flat();
  const clientsPerNode = Math.max(...[...clientsOfHost.values()].map((clients) => clients.length));
  const distance = nodes * (isRoundRobin && clientsOfHost.size > 1 ? 1 : clientsPerNode);
  const partnerOf = new Array<number>(order.length);
  for (const [position, client] of order.entries()) {
    partnerOf[client] = order[(position + distance) % order.length]!;
  }
  return {
    partnerOf,
    withinNode: partnerOf.some((partner, client) => hostOfClient[partner] === hostOfClient[client]),
  };
}

/** IOR's -Z. */
export interface RandomOrder {
  /** 1: each client by itself (-Z); 2: a permutation of them all (-Z -Z). */
  readonly times: 1 | 2;
  /** -X. */
  readonly seed: number;
  /** -Q: with -Z the partner is at least this many nodes away. */
  readonly nodes: number;
}

/**
 * Chooses for each client by chance whose data it reads back, as IOR does for this seed. With `times` 1 several may
 * read the same, and nobody some others'. A seed below 0 gives another choice in each iteration.
 */
export function partnersByChance(hostOfClient: readonly string[], order: RandomOrder, iteration: number): Partners {
  const tasks = hostOfClient.length;
  const seed = order.seed < 0 ? iteration - order.seed : order.seed;
  const partnerOf = order.times === 2 ? permutation(tasks, seed) : independent(hostOfClient, order.nodes, seed);
  return {
    partnerOf,
    withinNode: partnerOf.some((partner, client) => hostOfClient[partner] === hostOfClient[client]),
  };
}

function independent(hostOfClient: readonly string[], nodes: number, seed: number): number[] {
  const tasks = hostOfClient.length;
  const onFirstNode = hostOfClient.filter((host) => host === hostOfClient[0]).length;
  const nodesAway = Math.min(nodes, new Set(hostOfClient).size - 1);
  // Where the first node has more clients than others, IOR may look for a distance that there is not.
  const smallest = Math.min(nodesAway * onFirstNode, tasks - 1);
  return Array.from({ length: tasks }, (_, client) => {
    const random = new GlibcRandom(client + seed);
    let distance = random.next() % tasks;
    while (distance < smallest) distance = random.next() % tasks;
    return (client + distance) % tasks;
  });
}

function permutation(tasks: number, seed: number): number[] {
  const random = new GlibcRandom(seed);
  const order = Array.from({ length: tasks }, (_, client) => client);
  for (let place = 0; place < tasks; place++) {
    const other = place + (random.next() % (tasks - place));
    const moved = order[other]!;
    order[other] = order[place]!;
    order[place] = moved;
  }
  return order;
}
