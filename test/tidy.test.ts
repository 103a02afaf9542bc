import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

/** Which folder of src/ may import which others (docs/architecture.md). The launcher sees all. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  reactor: ["core"],
  rankmap: ["core"],
  report: ["core"],
  rpc: ["core", "reactor"],
  server: ["core", "reactor", "rankmap", "rpc"],
  client: ["core", "reactor", "rankmap", "rpc"],
  workload: ["core", "client", "report", "rpc"],
};

/** What a workload sees of client/ and rpc/: interfaces, so that it runs over a plain directory as well. */
const workloadSees = ["client/file-system.ts", "client/server-probe.ts", "rpc/group.ts"];

/** The one file that knows a native package. */
const adapters: Readonly<Record<string, readonly string[]>> = {
  "event-pump": ["reactor/reactor.ts"],
  "ucx-node": ["rpc/ucx-transport.ts"],
  "napi-io-uring": ["server/storage-uring.ts"],
  "node-mpi": ["launcher/mpi.ts"],
  "node-hwloc": ["launcher/binding.ts", "rankmap/gather-facts.ts"],
};

interface Source {
  /** Path within src/. */
  readonly name: string;
  readonly text: string;
  /** Modules that it imports: paths within src/, or names of packages. */
  readonly imports: readonly string[];
}

const sources: Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => {
    const text = readFileSync(join(src, name), "utf8");
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
    const imports = specifiers.map((specifier) =>
      specifier.startsWith(".") ? relative(src, resolve(src, dirname(name), specifier)) : specifier,
    );
    return { name, text, imports };
  });
const programs = sources.filter(({ name }) => !name.endsWith(".test.ts"));

describe("the structure of src/", () => {
  it("folders import in the agreed directions only", () => {
    const wrong = programs.flatMap(({ name, imports }) => {
      const folder = name.split("/")[0]!;
      const allowed = mayImport[folder];
      if (allowed === undefined) return folder === "launcher" ? [] : [`${name}: src/${folder} is not in the table`];
      return imports
        .filter((path) => path.endsWith(".ts") && !path.startsWith(".."))
        .filter((path) => path.split("/")[0] !== folder && !allowed.includes(path.split("/")[0]!))
        .map((path) => `${name} imports ${path}`);
    });
    expect(wrong).toEqual([]);
  });

  it("workloads see interfaces only", () => {
    const wrong = programs
      .filter(({ name }) => name.startsWith("workload/"))
      .flatMap(({ name, imports }) =>
        imports
          .filter((path) => /^(client|rpc)\//.test(path) && !workloadSees.includes(path))
          .map((path) => `${name} imports ${path}`),
      );
    expect(wrong).toEqual([]);
  });

  it("a native package is known to its adapter only", () => {
    for (const [native, known] of Object.entries(adapters)) {
      const users = programs.filter(({ imports }) => imports.includes(native)).map(({ name }) => name);
      expect(users, native).toEqual(known);
    }
  });

  it("nobody uses threads, locks, or child processes on the data path", () => {
    const wrong = programs.filter(({ name, text, imports }) => {
      const child = imports.includes("node:child_process") && !name.startsWith("launcher/");
      return child || /worker_threads|\bAtomics\b|SharedArrayBuffer/.test(text);
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it("every file is imported by somebody, or is a program", () => {
    const imported = new Set(sources.flatMap(({ name, imports }) => (name.endsWith(".test.ts") ? [] : imports)));
    const started = ["launcher/main.ts", "launcher/rank-main.ts"];
    // The network within one process and the generator of a page: for tests.
    const apart = ["rpc/local.ts", "rpc/local-rpc.ts", "report/columns-page.ts"];
    const idle = programs.filter(({ name }) => !imported.has(name) && ![...started, ...apart].includes(name));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  it("files stay short, and nothing is left to do later", () => {
    const wrong = sources.flatMap(({ name, text }) => {
      const lines = text.split("\n").length;
      return [
        ...(lines > 500 ? [`${name}: ${lines} lines`] : []),
        ...(/\b(TODO|FIXME|XXX)\b/.test(text) ? [`${name}: a promise instead of code`] : []),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
