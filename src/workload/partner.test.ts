import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partnersByChance, shiftByNodes } from "./partner.ts";

describe("shiftByNodes", () => {
  it("is IOR's shift by the tasks of a node where ranks are laid out in blocks", () => {
    const hosts = [0, 1, 2].flatMap((node) => new Array<string>(4).fill(`h${node}`));
    for (const nodes of [0, 1, 2, 3]) {
      const { partnerOf } = shiftByNodes(hosts, nodes);
      expect(partnerOf).toEqual(hosts.map((_, client) => (client + nodes * 4) % 12));
    }
  });

  it("is IOR's shift by one where ranks are laid out round robin", () => {
    expect(shiftByNodes(["a", "b", "a", "b"], 1)).toEqual({ partnerOf: [1, 2, 3, 0], withinNode: false });
    expect(shiftByNodes(["a", "b", "c", "a", "b", "c"], 2)).toEqual({
      partnerOf: [2, 3, 4, 5, 0, 1],
      withinNode: false,
    });
  });

  it("reaches another node on any other layout where as many clients have one", () => {
    expect(shiftByNodes(["a", "b", "b", "a"], 1)).toEqual({ partnerOf: [1, 0, 3, 2], withinNode: false });
  });

  it("does not shift on one node, and says so", () => {
    expect(shiftByNodes(["a", "a", "a"], 1)).toEqual({ partnerOf: [0, 1, 2], withinNode: true });
    expect(shiftByNodes(["a", "b"], 2)).toEqual({ partnerOf: [0, 1], withinNode: true });
  });

  it("gives every client's data to exactly one client, on any layout", () => {
    const layouts = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(layouts, fc.nat(5), (hosts, nodes) => {
        const { partnerOf, withinNode } = shiftByNodes(hosts, nodes);
        expect(partnerOf.toSorted((x, y) => x - y)).toEqual(hosts.map((_, client) => client));
        expect(withinNode).toBe(hosts.some((host, client) => host === hosts[partnerOf[client]!]));
      }),
    );
  });
});

describe("partnersByChance", () => {
  const hosts = ["a", "a", "b", "b", "c", "c"];

  it("keeps to the distance of -Q, and a permutation to itself", () => {
    const layouts = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(layouts, fc.integer({ min: -50, max: 50 }), fc.nat(4), (layout, seed, nodes) => {
        const { partnerOf } = partnersByChance(layout, { times: 2, seed, nodes }, 3);
        expect(partnerOf.toSorted((x, y) => x - y)).toEqual(layout.map((_, client) => client));
        const { partnerOf: free } = partnersByChance(layout, { times: 1, seed, nodes }, 3);
        expect(free.every((partner) => partner >= 0 && partner < layout.length)).toBe(true);
      }),
    );
    const { partnerOf } = partnersByChance(hosts, { times: 1, seed: 4, nodes: 2 }, 0);
    expect(partnerOf.every((partner, client) => (partner - client + 6) % 6 >= 4)).toBe(true);
  });

  it("stays with a seed, and changes with the iteration for a seed below 0", () => {
    const choice = (seed: number, iteration: number) =>
      partnersByChance(hosts, { times: 2, seed, nodes: 1 }, iteration).partnerOf;
    expect(choice(3, 1)).toEqual(choice(3, 0));
    expect(choice(-3, 1)).not.toEqual(choice(-3, 0));
    expect(choice(-3, 1)).toEqual(choice(4, 0));
  });
});
