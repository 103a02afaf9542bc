import type { Check } from "./doctor-judge.ts";

/** Hosts named in a line; more are counted. */
const hostsNamed = 4;

/** The verdict as lines for a screen or a log, without a newline at the end. */
export function showChecks(checks: readonly Check[], speeds: readonly string[], hosts: number): string {
  const lines = checks.flatMap((check) => {
    const verdict = check.verdict === "ok" ? "ok  " : check.verdict.toUpperCase();
    const where = describeHosts(check.hosts, hosts);
    const line = `${verdict}  ${check.name.padEnd(nameColumns)}  ${where}${check.found}`;
    return check.advice === "" ? [line] : [line, `${" ".repeat(nameColumns + 8)}-> ${check.advice}`];
  });
  const counts = (verdict: Check["verdict"]) => checks.filter((check) => check.verdict === verdict).length;
  const verdict =
    counts("fail") > 0
      ? `${counts("fail")} of ${checks.length} checks failed: a run would not work, or its figures would mean nothing`
      : counts("warn") > 0
        ? `nothing failed; ${counts("warn")} of ${checks.length} checks have something to say`
        : "all is well";
  return [
    ...lines,
    "",
    ...speeds.map((speed) => `Measured on all nodes at once, median: ${speed}`),
    `Verdict: ${verdict}`,
  ].join("\n");
}

const nameColumns = 23;

function describeHosts(hosts: readonly string[], all: number): string {
  if (hosts.length === 0) return "";
  if (hosts.length === all) return all === 1 ? "" : `all ${all} nodes: `;
  const more = hosts.length - hostsNamed;
  return `${hosts.slice(0, hostsNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}: `;
}
