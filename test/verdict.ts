import type { Reporter, TestModule } from "vitest/node";

/**
 * The last word of a test run: one plain line, and what was skipped. A skipped test has a title that says why
 * ("…; skipped: needs root"). In continuous integration, which has all that the tests need, every skip is a failure.
 */
export class Verdict implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");
    for (const test of skipped) console.log(`skipped: ${test.module.moduleId}: ${test.fullName}`);
    const unexplained = skipped.filter((test) => !test.fullName.includes("skipped: "));
    if (unexplained.length > 0) console.log("A test was skipped without a reason in its title.");
    const filtered = process.argv.some((word) => word === "-t" || word.startsWith("--testNamePattern"));
    if (!filtered && (unexplained.length > 0 || (process.env.CI && skipped.length > 0))) process.exitCode = 1;
    console.log(`\n${count("passed")} passed, ${count("failed")} failed, ${skipped.length} skipped`);
  }
}
