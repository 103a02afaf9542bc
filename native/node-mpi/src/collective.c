/* Collectives whose every rank has the same amount of data: barrier, broadcast, allreduce. */
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

static bool operation_argument(napi_env env, napi_value value, MPI_Op *out)
{
	char name[8];

	if (!ak_string(env, value, "allreduce: op", name, sizeof name))
		return false;
	if (strcmp(name, "sum") == 0)
		*out = MPI_SUM;
	else if (strcmp(name, "min") == 0)
		*out = MPI_MIN;
	else if (strcmp(name, "max") == 0)
		*out = MPI_MAX;
	else {
		ak_throw_range(env, "allreduce: op must be \"sum\", \"min\" or \"max\", not \"%s\"", name);
		return false;
	}
	return true;
}

static bool values_argument(napi_env env, napi_value value, void **data, size_t *count, MPI_Datatype *type)
{
	bool typed = false;
	napi_typedarray_type element = napi_uint8_array;

	if (napi_is_typedarray(env, value, &typed) == napi_ok && typed)
		napi_get_typedarray_info(env, value, &element, count, data, NULL, NULL);
	if (element == napi_float64_array)
		*type = MPI_DOUBLE;
	else if (element == napi_int32_array)
		*type = MPI_INT32_T;
	else {
		ak_throw_type(env, "allreduce: values must be a Float64Array or an Int32Array");
		return false;
	}
	if (*count > INT32_MAX) {
		ak_throw_range(env, "allreduce: values must be at most %d elements, not %zu", INT32_MAX, *count);
		return false;
	}
	return true;
}

static napi_value allreduce(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	MPI_Datatype type;
	MPI_Op operation;
	void *data;
	size_t count;

	AK_ARGS(env, info, 3);
	if (!communicator_argument(env, argv[0], "allreduce", &communicator) ||
	    !values_argument(env, argv[1], &data, &count, &type) || !operation_argument(env, argv[2], &operation))
		return NULL;
	MPI_TRY(env, "MPI_Allreduce",
		MPI_Allreduce(MPI_IN_PLACE, data, (int)count, type, operation, communicator));
	return NULL;
}

void collective_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "barrier", barrier);
	ak_export(env, exports, "broadcast", broadcast);
	ak_export(env, exports, "allreduce", allreduce);
}
