/* Gathers of byte strings whose length may differ from rank to rank. */
#include "node_mpi.h"
#include <stdlib.h>

/* Where each rank's bytes lie in the joined buffer. */
struct layout {
	int ranks;
	int total;
	int *counts;
	int *offsets;
};

static void layout_free(struct layout *layout)
{
	free(layout->counts);
	free(layout->offsets);
}

/* Every rank learns every length, also for a gather: so either all ranks throw because the sum is too
 * large for MPI's int counts, or none does, and nobody is left waiting in the second step. */
static bool layout_exchange(napi_env env, const char *function, MPI_Comm communicator, size_t mine,
			    struct layout *layout)
{
	int64_t length = (int64_t)mine;
	int64_t *lengths = NULL;
	int64_t total = 0;
	int status = MPI_Comm_size(communicator, &layout->ranks);

	if (status == MPI_SUCCESS) {
		lengths = calloc((size_t)layout->ranks, sizeof *lengths);
		layout->counts = calloc((size_t)layout->ranks, sizeof(int));
		layout->offsets = calloc((size_t)layout->ranks, sizeof(int));
		if (!lengths || !layout->counts || !layout->offsets) {
			free(lengths);
			ak_throw(env, "ERR_MPI_STATE", "%s: no memory for %d lengths", function, layout->ranks);
			return false;
		}
		status = MPI_Allgather(&length, 1, MPI_INT64_T, lengths, 1, MPI_INT64_T, communicator);
	}
	if (status != MPI_SUCCESS) {
		free(lengths);
		mpi_throw(env, "MPI_Allgather", status);
		return false;
	}
	for (int rank = 0; rank < layout->ranks && total <= INT32_MAX; rank++) {
		layout->offsets[rank] = (int)total;
		layout->counts[rank] = (int)lengths[rank];
		total += lengths[rank];
	}
	free(lengths);
	if (total > INT32_MAX) {
		ak_throw_range(env, "%s: all ranks together must give at most %d bytes", function, INT32_MAX);
		return false;
	}
	layout->total = (int)total;
	return true;
}

/* An array with one Uint8Array per rank, all of them views of one ArrayBuffer. */
static napi_value layout_views(napi_env env, const struct layout *layout, napi_value joined)
{
	napi_value views;
	napi_value view;

	AK_TRY(env, napi_create_array_with_length(env, (size_t)layout->ranks, &views));
	for (int rank = 0; rank < layout->ranks; rank++) {
		AK_TRY(env, napi_create_typedarray(env, napi_uint8_array, (size_t)layout->counts[rank], joined,
						   (size_t)layout->offsets[rank], &view));
		AK_TRY(env, napi_set_element(env, views, (uint32_t)rank, view));
	}
	return views;
}

static napi_value allgather_bytes(napi_env env, MPI_Comm communicator, const void *data, struct layout *layout,
				  int mine)
{
	napi_value joined;
	void *into;

	AK_TRY(env, napi_create_arraybuffer(env, (size_t)layout->total, &into, &joined));
	MPI_TRY(env, "MPI_Allgatherv",
		MPI_Allgatherv(data, mine, MPI_BYTE, into, layout->counts, layout->offsets, MPI_BYTE,
			       communicator));
	return layout_views(env, layout, joined);
}

static napi_value gather_bytes(napi_env env, MPI_Comm communicator, const void *data, struct layout *layout,
			       int mine, int root)
{
	napi_value joined = NULL;
	void *into = NULL;
	int rank;

	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(communicator, &rank));
	if (rank == root)
		AK_TRY(env, napi_create_arraybuffer(env, (size_t)layout->total, &into, &joined));
	MPI_TRY(env, "MPI_Gatherv",
		MPI_Gatherv(data, mine, MPI_BYTE, into, layout->counts, layout->offsets, MPI_BYTE, root,
			    communicator));
	return rank == root ? layout_views(env, layout, joined) : NULL;
}

static napi_value allgather(napi_env env, napi_callback_info info)
{
	struct layout layout = {0};
	MPI_Comm communicator;
	void *data;
	size_t length;
	napi_value out = NULL;

	AK_ARGS(env, info, 2);
	if (!communicator_argument(env, argv[0], "allgather", &communicator) ||
	    !ak_bytes(env, argv[1], "allgather: bytes", &data, &length))
		return NULL;
	if (layout_exchange(env, "allgather", communicator, length, &layout))
		out = allgather_bytes(env, communicator, data, &layout, (int)length);
	layout_free(&layout);
	return out;
}

static napi_value gather(napi_env env, napi_callback_info info)
{
	struct layout layout = {0};
	MPI_Comm communicator;
	void *data;
	size_t length;
	int64_t root;
	napi_value out = NULL;

	AK_ARGS(env, info, 3);
	if (!communicator_argument(env, argv[0], "gather", &communicator) ||
	    !ak_bytes(env, argv[1], "gather: bytes", &data, &length) ||
	    !ak_integer(env, argv[2], "gather: root", 0, INT32_MAX, &root))
		return NULL;
	if (layout_exchange(env, "gather", communicator, length, &layout))
		out = gather_bytes(env, communicator, data, &layout, (int)length, (int)root);
	layout_free(&layout);
	return out;
}

/* The lengths of all ranks are the caller's, so nothing is exchanged but the bytes. */
static napi_value allgatherv(napi_env env, napi_callback_info info)
{
	napi_typedarray_type element = napi_uint8_array;
	struct layout layout = {0};
	MPI_Comm communicator;
	int64_t total = 0;
	bool typed = false;
	void *data, *into, *counts;
	size_t length, room, count;
	int rank, status;

	AK_ARGS(env, info, 4);
	if (!communicator_argument(env, argv[0], "allgatherv", &communicator) ||
	    !ak_bytes(env, argv[1], "allgatherv: bytes", &data, &length) ||
	    !ak_bytes(env, argv[2], "allgatherv: into", &into, &room))
		return NULL;
	if (napi_is_typedarray(env, argv[3], &typed) == napi_ok && typed)
		napi_get_typedarray_info(env, argv[3], &element, &count, &counts, NULL, NULL);
	if (element != napi_int32_array)
		return ak_throw_type(env, "allgatherv: countsBytes must be an Int32Array");
	MPI_TRY(env, "MPI_Comm_size", MPI_Comm_size(communicator, &layout.ranks));
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(communicator, &rank));
	layout.counts = counts;
	if (count != (size_t)layout.ranks)
		return ak_throw_range(env, "allgatherv: countsBytes must have %d elements, not %zu", layout.ranks, count);
	if (length != (size_t)layout.counts[rank])
		return ak_throw_range(env, "allgatherv: bytes must be the countsBytes[%d] = %d that it has, not %zu", rank,
				      layout.counts[rank], length);
	layout.offsets = malloc((size_t)layout.ranks * sizeof(int));
	if (!layout.offsets)
		return ak_throw(env, "ERR_MPI_STATE", "allgatherv: no memory for %d offsets", layout.ranks);
	for (int of = 0; of < layout.ranks && total >= 0 && total <= INT32_MAX; of++) {
		layout.offsets[of] = (int)total;
		total = layout.counts[of] < 0 ? -1 : total + layout.counts[of];
	}
	if (total < 0 || total > INT32_MAX || (size_t)total > room) {
		free(layout.offsets);
		return ak_throw_range(env, "allgatherv: countsBytes must be at least 0 and together at most the %zu bytes of into",
				      room < INT32_MAX ? room : INT32_MAX);
	}
	status = MPI_Allgatherv(data, (int)length, MPI_BYTE, into, layout.counts, layout.offsets, MPI_BYTE, communicator);
	free(layout.offsets);
	MPI_TRY(env, "MPI_Allgatherv", status);
	return NULL;
}

void gather_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "allgather", allgather);
	ak_export(env, exports, "allgatherv", allgatherv);
	ak_export(env, exports, "gather", gather);
}
