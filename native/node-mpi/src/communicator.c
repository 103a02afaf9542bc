/* The table of communicators, and the calls that add to it and take from it. */
#include "node_mpi.h"
#include <stdlib.h>

/* A freed communicator leaves MPI_COMM_NULL and its number is not given out again, so a stale handle is
 * always noticed. A job makes a handful of communicators in its life: the table stays small. */
static MPI_Comm *table;
static int used;
static int capacity;

static bool table_add(napi_env env, MPI_Comm communicator, int *handle)
{
	if (used == capacity) {
		int larger = capacity ? 2 * capacity : 8;
		MPI_Comm *grown = realloc(table, (size_t)larger * sizeof *table);
		if (!grown) {
			ak_throw(env, "ERR_MPI_STATE", "no memory for %d communicators", larger);
			return false;
		}
		table = grown;
		capacity = larger;
	}
	*handle = used++;
	table[*handle] = communicator;
	return true;
}

bool communicator_table_open(napi_env env)
{
	int handle;

	return table_add(env, MPI_COMM_WORLD, &handle) && handle == WORLD_HANDLE;
}

void communicator_table_close(void)
{
	free(table);
	table = NULL;
	used = 0;
	capacity = 0;
}

bool communicator_argument(napi_env env, napi_value value, const char *function, MPI_Comm *out)
{
	int64_t handle;

	if (!mpi_ready(env, function) || !ak_integer(env, value, function, 0, used - 1, &handle))
		return false;
	if (table[handle] == MPI_COMM_NULL) {
		ak_throw(env, "ERR_MPI_STATE", "%s: the communicator has been freed", function);
		return false;
	}
	*out = table[handle];
	return true;
}

static napi_value describe(napi_env env, MPI_Comm communicator)
{
	int handle;
	napi_value out;

	if (!table_add(env, communicator, &handle))
		return NULL;
	AK_TRY(env, napi_create_int32(env, handle, &out));
	return out;
}

static napi_value communicator_rank(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	int rank;

	AK_ARGS(env, info, 1);
	if (!communicator_argument(env, argv[0], "rank", &communicator))
		return NULL;
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(communicator, &rank));
	return ak_number(env, rank);
}

static napi_value communicator_size(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	int size;

	AK_ARGS(env, info, 1);
	if (!communicator_argument(env, argv[0], "size", &communicator))
		return NULL;
	MPI_TRY(env, "MPI_Comm_size", MPI_Comm_size(communicator, &size));
	return ak_number(env, size);
}

static napi_value communicator_split(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	MPI_Comm part;
	int64_t color;
	int64_t key;

	AK_ARGS(env, info, 3);
	if (!communicator_argument(env, argv[0], "split", &communicator) ||
	    !ak_integer(env, argv[1], "split: color", 0, INT32_MAX, &color) ||
	    !ak_integer(env, argv[2], "split: key", INT32_MIN, INT32_MAX, &key))
		return NULL;
	/* The error handler is inherited from the parent. */
	MPI_TRY(env, "MPI_Comm_split", MPI_Comm_split(communicator, (int)color, (int)key, &part));
	return describe(env, part);
}

static napi_value communicator_split_shared(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	MPI_Comm part;
	int rank;

	AK_ARGS(env, info, 1);
	if (!communicator_argument(env, argv[0], "splitShared", &communicator))
		return NULL;
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(communicator, &rank));
	MPI_TRY(env, "MPI_Comm_split_type",
		MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &part));
	return describe(env, part);
}

static napi_value communicator_free(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	int32_t handle;

	AK_ARGS(env, info, 1);
	if (!communicator_argument(env, argv[0], "free", &communicator))
		return NULL;
	AK_TRY(env, napi_get_value_int32(env, argv[0], &handle));
	if (handle == WORLD_HANDLE)
		return ak_throw(env, "ERR_MPI_STATE", "free: the world communicator ends with finalize()");
	MPI_TRY(env, "MPI_Comm_free", MPI_Comm_free(&table[handle]));
	return NULL;
}

void communicator_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "rank", communicator_rank);
	ak_export(env, exports, "size", communicator_size);
	ak_export(env, exports, "split", communicator_split);
	ak_export(env, exports, "splitShared", communicator_split_shared);
	ak_export(env, exports, "free", communicator_free);
}
