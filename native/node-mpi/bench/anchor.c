/* The same loop as allgather.mjs in C: what one call costs without JavaScript.
 * anchor ITERATIONS BYTES known|unknown: with `unknown` lengths are exchanged and memory is taken in each call,
 * which is the contract of Communicator.allgather; with `known` there is MPI_Allgatherv alone.
 * Rank 0 prints the microseconds per call. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ranks;

static void exchange_lengths(int mine, int *counts, int *offsets)
{
	int64_t length = mine;
	int64_t *lengths = malloc((size_t)ranks * sizeof *lengths);
	int total = 0;

	MPI_Allgather(&length, 1, MPI_INT64_T, lengths, 1, MPI_INT64_T, MPI_COMM_WORLD);
	for (int rank = 0; rank < ranks; rank++) {
		counts[rank] = (int)lengths[rank];
		offsets[rank] = total;
		total += counts[rank];
	}
	free(lengths);
}

static void gather_known(const char *mine, int bytes, char *into, const int *counts, const int *offsets)
{
	MPI_Allgatherv(mine, bytes, MPI_BYTE, into, counts, offsets, MPI_BYTE, MPI_COMM_WORLD);
}

static void gather_unknown(const char *mine, int bytes, int *counts, int *offsets)
{
	char *into;

	exchange_lengths(bytes, counts, offsets);
	into = malloc((size_t)offsets[ranks - 1] + (size_t)counts[ranks - 1]);
	gather_known(mine, bytes, into, counts, offsets);
	free(into);
}

int main(int argc, char **argv)
{
	int iterations = argc == 4 ? atoi(argv[1]) : 0;
	int bytes = argc == 4 ? atoi(argv[2]) : 0;
	int known = argc == 4 && strcmp(argv[3], "known") == 0;
	int rank;
	double start = 0;

	if (iterations <= 0 || bytes <= 0) {
		fprintf(stderr, "usage: anchor ITERATIONS BYTES known|unknown\n");
		return 2;
	}
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	char *mine = calloc(1, (size_t)bytes);
	char *into = malloc((size_t)ranks * (size_t)bytes);
	int *counts = malloc((size_t)ranks * sizeof *counts);
	int *offsets = malloc((size_t)ranks * sizeof *offsets);
	exchange_lengths(bytes, counts, offsets);
	/* The first half warms up. */
	for (int i = 0; i < 2 * iterations; i++) {
		if (i == iterations) {
			MPI_Barrier(MPI_COMM_WORLD);
			start = MPI_Wtime();
		}
		if (known)
			gather_known(mine, bytes, into, counts, offsets);
		else
			gather_unknown(mine, bytes, counts, offsets);
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
