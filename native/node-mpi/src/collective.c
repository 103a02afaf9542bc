/* Collectives that compute nothing and whose every rank has the same amount of data: barrier, broadcast. */
#include "node_mpi.h"

static napi_value barrier(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;

	AK_ARGS(env, info, 1);
	if (!communicator_argument(env, argv[0], "barrier", &communicator))
		return NULL;
	MPI_TRY(env, "MPI_Barrier", MPI_Barrier(communicator));
	return NULL;
}

static napi_value broadcast(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	void *data;
	size_t length;
	int64_t root;

	AK_ARGS(env, info, 3);
	if (!communicator_argument(env, argv[0], "broadcast", &communicator) ||
	    !ak_bytes(env, argv[1], "broadcast: buffer", &data, &length) ||
	    !ak_integer(env, argv[2], "broadcast: root", 0, INT32_MAX, &root))
		return NULL;
	if (length > INT32_MAX)
		return ak_throw_range(env, "broadcast: buffer must be at most %d bytes, not %zu", INT32_MAX, length);
	MPI_TRY(env, "MPI_Bcast", MPI_Bcast(data, (int)length, MPI_BYTE, (int)root, communicator));
	return NULL;
}

void collective_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "barrier", barrier);
	ak_export(env, exports, "broadcast", broadcast);
}
