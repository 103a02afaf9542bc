import { createRequire } from "node:module";

const native = load();

function load() {
  try {
    return createRequire(import.meta.url)("./build/node-mpi.node");
  } catch (cause) {
    throw new Error(
      "node-mpi: the addon did not load. Install MPI with its compiler wrapper (Debian: libopenmpi-dev openmpi-bin; " +
        "Spack: spack install openmpi), run `make` in the package's folder, and start the job with the mpirun of the " +
        `same MPI. ${cause.message}`,
      { cause },
    );
  }
}

const worldHandle = 0;

export const anySource = -1;
export const anyTag = -1;

export const { finalize, abort, initialized, finalized, libraryVersion, processorName } = native;

/** A group of ranks. The native side knows it by a small integer; rank and size never change, so they are read once. */
export class Communicator {
  #handle;

  constructor(handle) {
    this.#handle = handle;
    this.rank = native.rank(handle);
    this.size = native.size(handle);
  }

  split(color, key) {
    return new Communicator(native.split(this.#handle, color, key));
  }

  splitShared() {
    return new Communicator(native.splitShared(this.#handle));
  }

  free() {
    native.free(this.#handle);
  }

  barrier() {
    native.barrier(this.#handle);
  }

  broadcast(buffer, root) {
    native.broadcast(this.#handle, buffer, root);
  }

  allgather(bytes) {
    return native.allgather(this.#handle, bytes);
  }

  allgatherv(bytes, into, countsBytes) {
    native.allgatherv(this.#handle, bytes, into, countsBytes);
  }

  gather(bytes, root) {
    return native.gather(this.#handle, bytes, root);
  }

  scatter(parts, root) {
    return native.scatter(this.#handle, parts, root);
  }

  allreduce(values, op) {
    native.allreduce(this.#handle, values, op);
  }

  reduce(values, op, root) {
    native.reduce(this.#handle, values, op, root);
  }

  send(bytes, destination, tag) {
    native.send(this.#handle, bytes, destination, tag);
  }

  receive(buffer, source, tag) {
    return native.receive(this.#handle, buffer, source, tag);
  }
}

export function init() {
  const job = native.init();
  const started = launcherSize();
  if (started === undefined || started === job.size) return job;
  native.finalize();
  const message =
    `init: the launcher started ${started} processes, but MPI sees a job of ${job.size}: this addon was built for ` +
    `${libraryVersion()}, and the launcher is another MPI's. Build it again with the mpicc of the launcher's MPI`;
  throw Object.assign(new Error(message), { code: "ERR_MPI_LAUNCHER" });
}

export function world() {
  return new Communicator(worldHandle);
}

export function launcherSize() {
  // Inside a Slurm allocation mpirun's own variables are right and the inherited SLURM_* are not, hence the order.
  // Only srun sets SLURM_STEP_NUM_TASKS; a batch script has SLURM_NTASKS too, but a process of it is no rank.
  const { OMPI_COMM_WORLD_SIZE, PMI_SIZE, SLURM_STEP_NUM_TASKS } = process.env;
  const size = Number.parseInt(OMPI_COMM_WORLD_SIZE ?? PMI_SIZE ?? SLURM_STEP_NUM_TASKS ?? "", 10);
  return size > 0 ? size : undefined;
}
