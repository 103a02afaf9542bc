// Payloads between two processes: in memory that both can reach, and over TCP.
import { atLeast } from "../goal.mjs";
import { pairFigure } from "../pair.mjs";
import { pairAnchor, pairProgram, perftest, sharedMemory, tcp } from "../programs.mjs";
import { MiB, sizeText } from "../units.mjs";

/** `mode` as in programs/pair.mjs. */
export function payload(mode, name, bytes) {
  const bandwidth = async (command, env) => ({
    bandwidth: ((await pairFigure(command, [mode, bytes, 8], env)) * bytes) / MiB,
  });
  return {
    name: `payload ${mode} ${sizeText(bytes)}`,
    tools: [],
    rows: {
      bandwidth: { what: `payload of ${sizeText(bytes)}, ${name}, depth 8`, unit: "MiB/s", goal: atLeast(0.95) },
    },
    ours: () => bandwidth(pairProgram),
    anchor: async () => bandwidth(await pairAnchor(), sharedMemory),
  };
}

export function tcpPayload(bytes) {
  return {
    name: `tcp payload ${sizeText(bytes)}`,
    tools: ["ucx_perftest"],
    rows: { bandwidth: { what: `TCP: messages of ${sizeText(bytes)}`, unit: "MiB/s", goal: atLeast(0.9) } },
    ours: async () => ({ bandwidth: ((await pairFigure(pairProgram, ["send", bytes, 1], tcp)) * bytes) / MiB }),
    anchor: async () => ({
      // Both wait for one message before the next.
      bandwidth: (await perftest("ucp_am_bw", bytes, Math.floor(2 ** 31 / bytes), tcp)).overallMiBps,
    }),
  };
}
