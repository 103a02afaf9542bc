import { rangeOf, showValue } from "./option-value.ts";
import type { OptionSpec } from "./options.ts";
import type { CommandInfo } from "./parse-options.ts";

const widthColumns = 100;
const aboutColumn = 32;

/** The options of a table as lines for `--help`, under their groups in the order of the table. */
export function describeOptions(specs: readonly OptionSpec[]): string {
  const groups = new Map<string, OptionSpec[]>();
  for (const spec of specs) {
    const group = spec.group ?? "Options";
    groups.set(group, [...(groups.get(group) ?? []), spec]);
  }
  return [...groups].map(([group, rows]) => [`${group}:`, ...rows.map(describeOption)].join("\n")).join("\n\n");
}

/** What `command --help` prints: usage, what it does, options, examples. */
export function helpText(info: CommandInfo, about: string, specs: readonly OptionSpec[]): string {
  const examples = info.examples ?? [];
  const sections = [`Usage: ${info.usage}`, wrap(about, widthColumns).join("\n"), describeOptions(specs)];
  if (examples.length > 0) sections.push(["Examples:", ...examples.map((example) => `  ${example}`)].join("\n"));
  return sections.join("\n\n");
}

function describeOption(spec: OptionSpec): string {
  const placeholder = {
    size: " SIZE",
    integer: " N",
    number: " X",
    string: " TEXT",
    choice: " WORD",
    boolean: "",
    count: "",
  };
  const head = `  ${spec.letter ? `-${spec.letter}, ` : "    "}--${spec.name}${placeholder[spec.type]}`;
  const facts = [];
  const words = spec.choices?.join(" or ") ?? "";
  const range = spec.type === "count" ? `up to ${spec.max} times` : rangeOf(spec).trim();
  if (range + words !== "") facts.push(range && words ? `${range}, or ${words}` : range + words);
  const isOff = spec.default === false || spec.type === "count";
  if (spec.default !== undefined && !isOff) facts.push(`default ${showValue(spec, spec.default)}`);
  const text = facts.length === 0 ? spec.about : `${spec.about} [${facts.join("; ")}]`;
  return describeRow(head, text);
}

/** One row of a help text: what is written at the left, what it means at the right, wrapped. */
export function describeRow(head: string, text: string): string {
  const indent = " ".repeat(aboutColumn);
  const lines = wrap(text, widthColumns - aboutColumn).map((line) => indent + line);
  const fits = head.length + 2 <= aboutColumn;
  return fits ? [head + lines[0]!.slice(head.length), ...lines.slice(1)].join("\n") : [head, ...lines].join("\n");
}

/** Breaks text at spaces into lines of at most `columns`, unless a word alone is longer. */
function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
