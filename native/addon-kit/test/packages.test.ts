import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const native = resolve(import.meta.dirname, "../..");
const kit = "addon-kit";
const addons = readdirSync(native).filter((name) => existsSync(join(native, name, "Makefile")));
const folder = mkdtempSync(join(tmpdir(), "native-packages-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const tarballs = new Map<string, Packed>();
beforeAll(() => {
  for (const name of [kit, ...addons]) {
    const words = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, join(native, name)];
    const [packed] = JSON.parse(execFileSync("npm", words, { cwd: folder, encoding: "utf8", stdio: "pipe" }));
    tarballs.set(name, packed);
  }
});

const filesOf = (name: string) => tarballs.get(name)!.files.map(({ path }) => path);

describe("the packages that npm makes", () => {
  it("are six", () => {
    expect([kit, ...addons].sort()).toEqual([
      "addon-kit",
      "event-pump",
      "napi-io-uring",
      "node-hwloc",
      "node-mpi",
      "ucx-node",
    ]);
  });

  it.each(addons)("%s: all that a build needs, and nothing that it makes", (name) => {
    const files = filesOf(name);
    const sources = readdirSync(join(native, name, "src")).map((file) => `src/${file}`);
    const needed = ["Makefile", "README.md", "index.d.ts", "index.js", "package.json", ...sources];
    expect(files).toEqual(expect.arrayContaining(needed));
    expect(files.filter((path) => /\.node$|^build|(^|\/)test\/|\.test\.|node_modules/.test(path))).toEqual([]);
  });

  it("addon-kit: headers and rules", () => {
    expect(filesOf(kit).sort()).toEqual([
      "README.md",
      "addon.mk",
      "include/addon_kit.h",
      "include/poll_source.h",
      "package.json",
    ]);
  });
});

describe("in another project", () => {
  const project = join(folder, "project");

  it("they install, build and load", () => {
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), `{ "private": true }`);
    const paths = [...tarballs.values()].map(({ filename }) => join(folder, filename));
    const words = ["install", "--offline", "--no-audit", "--no-fund", "--no-package-lock", ...paths];
    execFileSync("npm", words, { cwd: project, stdio: "pipe" });
    for (const name of addons) execFileSync("make", ["-C", join(project, "node_modules", name)], { stdio: "pipe" });
    const program = addons.map((name) => `await import("${name}");`).join("\n");
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: project,
      encoding: "utf8",
    });
    expect(child.stderr).toBe("");
    expect(child.status).toBe(0);
  });
});

describe("a package whose library is missing", () => {
  const libraries: Readonly<Record<string, { header: string; says: RegExp }>> = {
    "napi-io-uring": { header: "liburing.h", says: /Debian: liburing-dev/ },
    "node-hwloc": { header: "hwloc.h", says: /Debian: libhwloc-dev/ },
    "node-mpi": { header: "mpi.h", says: /Debian: libopenmpi-dev openmpi-bin/ },
    "ucx-node": { header: "ucp/api/ucp.h", says: /libucx-dev \(Debian\)/ },
  };

  it.each(Object.keys(libraries))("%s says which package to install when its build fails", (name) => {
    const build = missingLibrary(name);
    expect(build.status).not.toBe(0);
    expect(build.stderr).toContain("this header is not there");
    expect(build.stderr).toMatch(libraries[name]!.says);
  });

  it.each(addons)("%s says that it was not built, and how to", (name) => {
    const copy = mkdtempSync(join(folder, "unbuilt-"));
    for (const path of filesOf(name)) cpSync(join(native, name, path), join(copy, path));
    const program = `await import(${JSON.stringify(join(copy, "index.js"))})`;
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
    expect(child.status).toBe(1);
    expect(child.stderr).toMatch(/\bmake\b/);
  });

  it("node-mpi says what to install when there is no compiler wrapper", () => {
    const build = spawnSync(
      "make",
      ["-B", "-C", join(folder, "project/node_modules/node-mpi"), "MPICC=no-such-mpicc"],
      {
        encoding: "utf8",
      },
    );
    expect(build.status).not.toBe(0);
    expect(build.stderr).toMatch(/Debian: libopenmpi-dev openmpi-bin.*MPICC=/);
  });

  /** Builds a copy where pkg-config does not find the library, nor the compiler its header. */
  function missingLibrary(name: string) {
    const copy = mkdtempSync(join(folder, "missing-"));
    cpSync(join(native, kit), join(copy, kit), { recursive: true });
    for (const path of filesOf(name)) cpSync(join(native, name, path), join(copy, name, path));
    const header = join(copy, "shadow", libraries[name]!.header);
    mkdirSync(dirname(header), { recursive: true });
    writeFileSync(header, "#error this header is not there\n");
    const compiler = join(copy, "compiler");
    writeFileSync(compiler, `#!/bin/sh\nexec cc -I '${join(copy, "shadow")}' "$@"\n`, { mode: 0o755 });
    const env = { ...process.env, PKG_CONFIG_LIBDIR: copy, PKG_CONFIG_PATH: "" };
    return spawnSync("make", ["-C", join(copy, name), `CC=${compiler}`], { env, encoding: "utf8" });
  }
});
