import { describe, expect, it } from "vitest";
import { operations } from "./operations.ts";
import { type Fields, type Struct, struct } from "./struct.ts";

function layout({ fields, layout }: Struct<Fields>): string {
  const byWord = Object.entries(layout).sort(([, a], [, b]) => a - b);
  return byWord.map(([name, word]) => `${word}: \`${name}\` ${fields[name]}`).join(", ") || "none";
}

const page = `# The protocol

<!-- Generated from src/rpc/operations.ts; after a change: npx vitest run src/rpc/operations.test.ts -u -->

Ranks talk in UCX active messages with a header of 16 words of 4 bytes and up to 16 KiB of payload; larger payloads move
by RMA between the arenas of two processes. Words 0 to 3 of a header are the RPC layer's: operation id (with bit 16
set: a reply), call (slot in the low 16 bits, generation in the high ones), world rank of the sender, status of a reply
(0 or a negative errno). The fields of an operation follow; an \`f64\` takes two words and holds integers exactly up to
2^53. Both ends derive their codecs from the one table in \`src/rpc/operations.ts\`, which also says what each operation
means. Ranks of different builds never talk, so the layout may change with any build; ids are never reused.

| id | operation | request (word: field) | reply (word: field) |
|---:|---|---|---|
${Object.values(operations)
  .map(({ id, name, request, reply }) => `| ${id} | ${name} | ${layout(request)} | ${layout(reply)} |`)
  .join("\n")}
`;

describe("the table of operations", () => {
  it("is what docs/protocol.md says", async () => {
    await expect(page).toMatchFileSnapshot("../../docs/protocol.md");
  });

  it("has one id and one name for each", () => {
    const all = Object.values(operations);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe("struct", () => {
  const words = (count: number) => {
    const buffer = new ArrayBuffer(count * 4);
    return { u32: new Uint32Array(buffer), i32: new Int32Array(buffer), f64: new Float64Array(buffer) };
  };

  it("returns what it was given, at any record, with the extremes of each type", () => {
    const all = struct({ a: "u32", b: "i32", c: "f64", d: "f64", e: "u32" });
    const values = { a: 2 ** 32 - 1, b: -(2 ** 31), c: 2 ** 53, d: -1, e: 0 };
    for (const base of [0, 32, 96]) {
      const ring = words(128);
      all.encode(ring, base, values);
      expect(all.decode(ring, base)).toEqual(values);
      // Not a word outside of its header, nor one of the RPC layer's.
      const touched = [...ring.u32.keys()].filter((word) => ring.u32[word] !== 0);
      expect(touched.every((word) => word >= base + 4 && word < base + 16)).toBe(true);
    }
  });

  it("refuses more fields than a header has words", () => {
    const seven = { a: "f64", b: "f64", c: "f64", d: "f64", e: "f64", f: "f64", g: "f64" } as const;
    expect(() => struct(seven)).toThrow("fields take 18 of 16");
  });
});
