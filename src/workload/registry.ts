import { ior } from "./ior.ts";
import { mdtest } from "./mdtest.ts";
import { rpc } from "./rpc.ts";
import { suite } from "./suite.ts";
import type { WorkloadDefinition } from "./workload.ts";

/** Every workload by the name that it has on the command line. */
// biome-ignore lint/suspicious/noExplicitAny: each workload has parameters of its own, which only it reads.
export const workloads: Readonly<Record<string, WorkloadDefinition<any>>> = { ior, mdtest, rpc, suite };
