/* The same loop as programs/allgather.mjs in C. allgather ITERATIONS BYTES: rank 0 prints the microseconds per call. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int iterations = argc == 3 ? atoi(argv[1]) : 0;
	int bytes = argc == 3 ? atoi(argv[2]) : 0;
	int rank, ranks;
	double start = 0;

	if (iterations <= 0 || bytes <= 0) {
		fprintf(stderr, "usage: allgather ITERATIONS BYTES\n");
		return 2;
	}
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	char *mine = calloc(1, (size_t)bytes);
	char *into = malloc((size_t)ranks * (size_t)bytes);
	int *counts = malloc((size_t)ranks * sizeof *counts);
	int *offsets = malloc((size_t)ranks * sizeof *offsets);
	for (int of = 0; of < ranks; of++) {
		counts[of] = bytes;
		offsets[of] = of * bytes;
	}
	/* The first half warms up. */
	for (int i = 0; i < 2 * iterations; i++) {
		if (i == iterations) {
			MPI_Barrier(MPI_COMM_WORLD);
			start = MPI_Wtime();
		}
		MPI_Allgatherv(mine, bytes, MPI_BYTE, into, counts, offsets, MPI_BYTE, MPI_COMM_WORLD);
	}
	if (rank == 0)
		printf("%.3f\n", (MPI_Wtime() - start) * 1e6 / iterations);
	free(mine);
	free(into);
	free(counts);
	free(offsets);
	MPI_Finalize();
	return 0;
}
