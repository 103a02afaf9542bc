/* Element by element over all ranks: reduce and allreduce, both in place. */
#include "node_mpi.h"

struct operands {
	MPI_Comm communicator;
	MPI_Datatype type;
	MPI_Op operation;
	void *values;
	int count;
};

static bool operation_argument(napi_env env, napi_value value, const char *function, MPI_Op *out)
{
	char what[32];
	char name[8];

	snprintf(what, sizeof what, "%s: op", function);
	if (!ak_string(env, value, what, name, sizeof name))
		return false;
	if (strcmp(name, "sum") == 0)
		*out = MPI_SUM;
	else if (strcmp(name, "min") == 0)
		*out = MPI_MIN;
	else if (strcmp(name, "max") == 0)
		*out = MPI_MAX;
	else {
		ak_throw_range(env, "%s must be \"sum\", \"min\" or \"max\", not \"%s\"", what, name);
		return false;
	}
	return true;
}

static bool values_argument(napi_env env, napi_value value, const char *function, struct operands *out)
{
	bool typed = false;
	size_t count = 0;
	napi_typedarray_type element = napi_uint8_array;

	if (napi_is_typedarray(env, value, &typed) == napi_ok && typed)
		napi_get_typedarray_info(env, value, &element, &count, &out->values, NULL, NULL);
	if (element == napi_float64_array)
		out->type = MPI_DOUBLE;
	else if (element == napi_int32_array)
		out->type = MPI_INT32_T;
	else {
		ak_throw_type(env, "%s: values must be a Float64Array or an Int32Array", function);
		return false;
	}
	if (count > INT32_MAX) {
		ak_throw_range(env, "%s: values must be at most %d elements, not %zu", function, INT32_MAX, count);
		return false;
	}
	out->count = (int)count;
	return true;
}

/* argv: communicator, values, op. */
static bool operands_arguments(napi_env env, napi_value *argv, const char *function, struct operands *out)
{
	return communicator_argument(env, argv[0], function, &out->communicator) &&
	       values_argument(env, argv[1], function, out) &&
	       operation_argument(env, argv[2], function, &out->operation);
}

static napi_value allreduce(napi_env env, napi_callback_info info)
{
	struct operands of;

	AK_ARGS(env, info, 3);
	if (!operands_arguments(env, argv, "allreduce", &of))
		return NULL;
	MPI_TRY(env, "MPI_Allreduce",
		MPI_Allreduce(MPI_IN_PLACE, of.values, of.count, of.type, of.operation, of.communicator));
	return NULL;
}

static napi_value reduce(napi_env env, napi_callback_info info)
{
	struct operands of;
	int64_t root;
	int rank;

	AK_ARGS(env, info, 4);
	if (!operands_arguments(env, argv, "reduce", &of) ||
	    !ak_integer(env, argv[3], "reduce: root", 0, INT32_MAX, &root))
		return NULL;
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(of.communicator, &rank));
	/* Only the root may, and must, say MPI_IN_PLACE. */
	MPI_TRY(env, "MPI_Reduce",
		MPI_Reduce(rank == root ? MPI_IN_PLACE : of.values, rank == root ? of.values : NULL, of.count,
			   of.type, of.operation, (int)root, of.communicator));
	return NULL;
}

void reduce_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "allreduce", allreduce);
	ak_export(env, exports, "reduce", reduce);
}
