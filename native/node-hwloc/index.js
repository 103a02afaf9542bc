import { createRequire } from "node:module";

const native = load();

function load() {
  try {
    return createRequire(import.meta.url)("./build/node-hwloc.node");
  } catch (cause) {
    throw new Error(
      "node-hwloc: the addon did not load. Install hwloc with its headers (Debian: libhwloc-dev pkg-config; " +
        `Spack: spack install hwloc) and run \`make\` in the package's folder. ${cause.message}`,
      { cause },
    );
  }
}

export const { bindCpu, bindMemory, boundCpus, lastCpu } = native;

const sourceKinds = ["xmlFile", "xml", "synthetic"];

export function topology(source) {
  if (source === undefined) return native.topology("live", "");
  const kind = sourceKinds.find((name) => Object.hasOwn(source, name));
  if (kind === undefined) throw new TypeError(`topology: source must have one of ${sourceKinds.join(", ")}`);
  return native.topology(kind, source[kind]);
}

export function memoryNodes(buffer) {
  const pairs = native.memoryNodes(buffer);
  const bytesByNode = new Map();
  for (let i = 0; i < pairs.length; i += 2) bytesByNode.set(pairs[i], pairs[i + 1]);
  return bytesByNode;
}
