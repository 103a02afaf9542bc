#!/usr/bin/env node
import { runRank } from "./rank.ts";

// A rejection that nobody awaits is our bug: stop this rank with its state, the others learn of it as a lost peer.
process.on("unhandledRejection", (error) => {
  throw error;
});
process.exitCode = await runRank(process.argv.slice(2));
// Whatever libuv still holds (a timer, a handle of a library) must not keep a finished rank alive.
process.exit();
