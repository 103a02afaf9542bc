// Loads the addon. UCX reads its settings while its libraries are being loaded, so defaults that a Node.js
// process needs are put into the environment first; whatever the user has set stays as it is.
import { createRequire } from "node:module";

const defaults = {
  // UCX's SIGSEGV handler would replace V8's, which turns bad WebAssembly accesses into exceptions.
  UCX_ERROR_SIGNALS: "",
  // UCX's hooks in mmap and brk crash V8 now and then (UCX 1.13.1).
  UCX_MEM_EVENTS: "n",
  // Without it, an endpoint that shall report the peer's death silently takes tcp instead of shared memory.
  UCX_MM_ERROR_HANDLING: "y",
  // The period in which the death of a peer on this node is noticed; UCX's own default is 20 s.
  UCX_KEEPALIVE_INTERVAL: "500ms",
  // Connects when an endpoint is made, not at its first use: until then UCX would not notice the peer's death.
  UCX_RESOLVE_REMOTE_EP_ID: "y",
  UCX_WARN_UNUSED_ENV_VARS: "n",
  // UCX logs to stdout; whatever it would tell comes back as a status.
  UCX_LOG_LEVEL: "fatal",
};

for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;

function load() {
  const path = "./build/ucx-node.node";
  try {
    return createRequire(import.meta.url)(path);
  } catch (error) {
    throw new Error(
      `ucx-node: ${path} cannot be loaded. Install UCX (Debian: apt install libucx-dev; Spack: spack install ucx) ` +
        `and run make in ${new URL(".", import.meta.url).pathname}. Cause: ${error.message}`,
      { cause: error },
    );
  }
}

export const { Worker, COMMAND, EVENT, CONTROL, statusText, libraryVersion } = load();
