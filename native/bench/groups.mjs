// What is measured, in the order of the table. A group is two programs whose figures make rows:
// - name: for --rows; tools: commands that it needs, see programs.mjs
// - rows: by key { what, unit, goal }
// - ours(), anchor(): run the program and return its figures by row key; the anchor of some rows is a limit.
import { device } from "./groups/device.mjs";
import { file } from "./groups/file.mjs";
import { garbage, ranks, requests, roundTrip, tcpTrip } from "./groups/messages.mjs";
import { payload, tcpPayload } from "./groups/payload.mjs";
import { allgather, idle } from "./groups/process.mjs";
import { KiB, MiB } from "./units.mjs";

/** All groups, with files on the device of `folder`. */
export function allGroups(folder) {
  const disk = (pattern, blockBytes, depth) =>
    file(folder, "disk, O_DIRECT,", { pattern, blockBytes, depth, direct: 1 });
  const tmpfs = (pattern) => file("/dev/shm", "tmpfs,", { pattern, blockBytes: 4 * MiB, depth: 8, direct: 0 });
  return [
    roundTrip,
    requests,
    payload("get", "one copy", 64 * KiB),
    payload("get", "one copy", 4 * MiB),
    payload("map", "copied in place", 64 * KiB),
    payload("map", "copied in place", 4 * MiB),
    device(folder, 4 * KiB, 0.55),
    device(folder, 4 * MiB, 0.97),
    tcpTrip,
    tcpPayload(64 * KiB),
    tcpPayload(4 * MiB),
    disk("randread", 4 * KiB, 32),
    disk("randwrite", 4 * KiB, 32),
    disk("read", 4 * MiB, 8),
    disk("write", 4 * MiB, 8),
    tmpfs("read"),
    tmpfs("write"),
    allgather,
    idle,
    ranks,
    garbage,
  ];
}
