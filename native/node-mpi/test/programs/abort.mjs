// Rank 1 aborts the job while the others wait for it.
import * as mpi from "../../index.js";

const { rank } = mpi.init();
if (rank === 1) mpi.abort(42);
mpi.world().barrier();
