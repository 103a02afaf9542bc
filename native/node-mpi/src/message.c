/* Messages from one rank to another: send and receive, both blocking. */
#include "node_mpi.h"

/* JavaScript's names for the wildcards, whose values differ between libraries. */
#define ANY (-1)

static bool buffer_argument(napi_env env, napi_value value, const char *what, void **data, int *count)
{
	size_t length;

	if (!ak_bytes(env, value, what, data, &length))
		return false;
	if (length > INT32_MAX) {
		ak_throw_range(env, "%s must be at most %d bytes, not %zu", what, INT32_MAX, length);
		return false;
	}
	*count = (int)length;
	return true;
}

static napi_value send(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	void *data;
	int count;
	int64_t destination;
	int64_t tag;

	AK_ARGS(env, info, 4);
	if (!communicator_argument(env, argv[0], "send", &communicator) ||
	    !buffer_argument(env, argv[1], "send: bytes", &data, &count) ||
	    !ak_integer(env, argv[2], "send: destination", 0, INT32_MAX, &destination) ||
	    !ak_integer(env, argv[3], "send: tag", 0, INT32_MAX, &tag))
		return NULL;
	MPI_TRY(env, "MPI_Send", MPI_Send(data, count, MPI_BYTE, (int)destination, (int)tag, communicator));
	return NULL;
}

static napi_value describe(napi_env env, const MPI_Status *status)
{
	int count = 0;
	napi_value out;

	MPI_TRY(env, "MPI_Get_count", MPI_Get_count(status, MPI_BYTE, &count));
	AK_TRY(env, napi_create_object(env, &out));
	AK_TRY(env, napi_set_named_property(env, out, "source", ak_number(env, status->MPI_SOURCE)));
	AK_TRY(env, napi_set_named_property(env, out, "tag", ak_number(env, status->MPI_TAG)));
	AK_TRY(env, napi_set_named_property(env, out, "countBytes", ak_number(env, count)));
	return out;
}

static napi_value receive(napi_env env, napi_callback_info info)
{
	MPI_Comm communicator;
	MPI_Status status;
	void *data;
	int count;
	int64_t source;
	int64_t tag;

	AK_ARGS(env, info, 4);
	if (!communicator_argument(env, argv[0], "receive", &communicator) ||
	    !buffer_argument(env, argv[1], "receive: buffer", &data, &count) ||
	    !ak_integer(env, argv[2], "receive: source", ANY, INT32_MAX, &source) ||
	    !ak_integer(env, argv[3], "receive: tag", ANY, INT32_MAX, &tag))
		return NULL;
	MPI_TRY(env, "MPI_Recv",
		MPI_Recv(data, count, MPI_BYTE, source == ANY ? MPI_ANY_SOURCE : (int)source,
			 tag == ANY ? MPI_ANY_TAG : (int)tag, communicator, &status));
	return describe(env, &status);
}

void message_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "send", send);
	ak_export(env, exports, "receive", receive);
}
