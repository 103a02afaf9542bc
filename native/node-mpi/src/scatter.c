/* Scatter of byte strings whose length differs from rank to rank. */
#include "node_mpi.h"
#include <stdlib.h>

/* What the root hands out: its parts joined, and where each lies. */
struct parts {
	char *joined;
	int *counts;
	int *offsets;
};

static void parts_free(struct parts *parts)
{
	free(parts->joined);
	free(parts->counts);
	free(parts->offsets);
}

static bool parts_are_a_list(napi_env env, napi_value list, int ranks)
{
	bool is_array = false;
	uint32_t length = 0;

	if (napi_is_array(env, list, &is_array) != napi_ok || !is_array) {
		ak_throw_type(env, "scatter: parts must be an array on root");
		return false;
	}
	napi_get_array_length(env, list, &length);
	if (length != (uint32_t)ranks) {
		ak_throw_range(env, "scatter: parts must be one for each of %d ranks, not %u", ranks, length);
		return false;
	}
	return true;
}

static bool part_bytes(napi_env env, napi_value list, int rank, void **data, size_t *length)
{
	napi_value part;

	return napi_get_element(env, list, (uint32_t)rank, &part) == napi_ok &&
	       ak_bytes(env, part, "scatter: each of parts", data, length);
}

/* Two passes, lengths and bytes. A getter in the list could change a part between them, so the second pass
 * looks at the length again. */
static bool parts_join(napi_env env, napi_value list, int ranks, struct parts *out)
{
	size_t total = 0;
	size_t length;
	void *data;

	for (int rank = 0; rank < ranks; rank++) {
		if (!part_bytes(env, list, rank, &data, &length))
			return false;
		if (length > INT32_MAX - total) {
			ak_throw_range(env, "scatter: all parts together must be at most %d bytes", INT32_MAX);
			return false;
		}
		out->counts[rank] = (int)length;
		out->offsets[rank] = (int)total;
		total += length;
	}
	out->joined = malloc(total ? total : 1);
	if (!out->joined) {
		ak_throw(env, "ERR_MPI_STATE", "scatter: no memory for %zu bytes", total);
		return false;
	}
	for (int rank = 0; rank < ranks; rank++) {
		if (!part_bytes(env, list, rank, &data, &length))
			return false;
		if (length != (size_t)out->counts[rank]) {
			ak_throw_range(env, "scatter: part %d changed its length during the call", rank);
			return false;
		}
		if (length > 0)
			memcpy(out->joined + out->offsets[rank], data, length);
	}
	return true;
}

static bool parts_argument(napi_env env, napi_value list, int ranks, struct parts *out)
{
	if (!parts_are_a_list(env, list, ranks))
		return false;
	out->counts = calloc((size_t)ranks, sizeof(int));
	out->offsets = calloc((size_t)ranks, sizeof(int));
	if (!out->counts || !out->offsets) {
		ak_throw(env, "ERR_MPI_STATE", "scatter: no memory for %d lengths", ranks);
		return false;
	}
	return parts_join(env, list, ranks, out);
}

/* A rank does not know how much it gets: the lengths go first. */
static napi_value scatter_parts(napi_env env, MPI_Comm communicator, const struct parts *parts, int root)
{
	int mine = 0;
	void *into;
	napi_value buffer;
	napi_value view;

	MPI_TRY(env, "MPI_Scatter",
		MPI_Scatter(parts->counts, 1, MPI_INT, &mine, 1, MPI_INT, root, communicator));
	AK_TRY(env, napi_create_arraybuffer(env, (size_t)mine, &into, &buffer));
	MPI_TRY(env, "MPI_Scatterv",
		MPI_Scatterv(parts->joined, parts->counts, parts->offsets, MPI_BYTE, into, mine, MPI_BYTE, root,
			     communicator));
	AK_TRY(env, napi_create_typedarray(env, napi_uint8_array, (size_t)mine, buffer, 0, &view));
	return view;
}

static napi_value scatter(napi_env env, napi_callback_info info)
{
	struct parts parts = {0};
	MPI_Comm communicator;
	int64_t root;
	int rank;
	int ranks;
	napi_value out = NULL;

	AK_ARGS(env, info, 3);
	if (!communicator_argument(env, argv[0], "scatter", &communicator) ||
	    !ak_integer(env, argv[2], "scatter: root", 0, INT32_MAX, &root))
		return NULL;
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(communicator, &rank));
	MPI_TRY(env, "MPI_Comm_size", MPI_Comm_size(communicator, &ranks));
	if (rank != root || parts_argument(env, argv[1], ranks, &parts))
		out = scatter_parts(env, communicator, &parts, (int)root);
	parts_free(&parts);
	return out;
}

void scatter_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "scatter", scatter);
}
