import { assert } from "../core/errors.ts";
import { headerBytes } from "../core/limits.ts";

/** u32 and i32 take one word of a header, f64 (integers exact to 2^53) two, aligned. */
export type FieldType = "u32" | "i32" | "f64";
export type Fields = Readonly<Record<string, FieldType>>;
export type ValueOf<F extends Fields> = { -readonly [K in keyof F]: number };

/** Typed views of the same rings: a record starts at a word index (even, so that doubles are aligned). */
export interface Words {
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
}

/** Words of a header that the RPC layer takes for itself; fields start behind them. */
export const reservedWords = 4;
/** Word of a reply's status. */
export const statusWord = 3;
const headerWords = headerBytes / 4;

export interface Struct<F extends Fields> {
  readonly fields: F;
  /** Word of each field within the header: what docs and tests hold fixed. */
  readonly layout: Readonly<Record<keyof F & string, number>>;
  encode(words: Words, base: number, value: ValueOf<F>): void;
  decode(words: Words, base: number): ValueOf<F>;
  /** The fields and the status, as one object of one shape. */
  decodeReply(words: Words, base: number): ValueOf<F> & { status: number };
}

/**
 * A fixed-size part of a message header. The codecs are generated once, as straight-line code: a loop over the
 * fields costs 10 to 20 ns a field, the generated code about 1.
 */
export function struct<const F extends Fields>(fields: F): Struct<F> {
  const layout: Record<string, number> = {};
  // Doubles first, so that no word is lost to alignment.
  let next = reservedWords;
  for (const width of [2, 1]) {
    for (const [name, type] of Object.entries(fields)) {
      if ((type === "f64" ? 2 : 1) !== width) continue;
      assert(/^[a-z]\w*$/i.test(name), `field name ${name}`);
      layout[name] = next;
      next += width;
    }
  }
  assert(next <= headerWords, `fields take ${next} of ${headerWords} header words`);

  const place = (name: string): string =>
    fields[name] === "f64" ? `w.f64[(b + ${layout[name]}) >> 1]` : `w.${fields[name]}[b + ${layout[name]}]`;
  const names = Object.keys(fields);
  const encode = new Function("w", "b", "v", names.map((n) => `${place(n)} = v.${n};`).join("\n"));
  const properties = names.map((n) => `${n}: ${place(n)}`);
  const decode = new Function("w", "b", `return { ${properties.join(", ")} };`);
  const status = `status: w.i32[b + ${statusWord}]`;
  const decodeReply = new Function("w", "b", `return { ${[status, ...properties].join(", ")} };`);
  return {
    fields,
    layout: layout as Struct<F>["layout"],
    encode: encode as Struct<F>["encode"],
    decode: decode as Struct<F>["decode"],
    decodeReply: decodeReply as Struct<F>["decodeReply"],
  };
}
