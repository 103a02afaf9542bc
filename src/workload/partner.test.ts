import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shiftByNodes } from "./partner.ts";

describe("shiftByNodes", () => {
  it("is IOR's shift by the tasks of a node where ranks are laid out in blocks", () => {
    const hosts = [0, 1, 2].flatMap((node) => new Array<string>(4).fill(`h${node}`));
    for (const nodes of [0, 1, 2, 3]) {
      const { partnerOf } = shiftByNodes(hosts, nodes);
      expect(partnerOf).toEqual(hosts.map((_, client) => (client + nodes * 4) % 12));
    }
  });

  it("reaches another node where ranks are laid out round robin", () => {
    expect(shiftByNodes(["a", "b", "a", "b"], 1)).toEqual({ partnerOf: [1, 0, 3, 2], withinNode: false });
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
