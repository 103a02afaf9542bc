/* The module's entry, and how errors of the library become errors of JavaScript. */
#include "node_mpi.h"

napi_value mpi_throw(napi_env env, const char *call, int status)
{
	char words[MPI_MAX_ERROR_STRING + 1] = "";
	char message[MPI_MAX_ERROR_STRING + 128];
	int length = 0;
	int class = MPI_ERR_UNKNOWN;
	napi_value error;

	MPI_Error_class(status, &class);
	MPI_Error_string(status, words, &length);
	snprintf(message, sizeof message, "%s: %s", call, words);
	AK_TRY(env, napi_create_error(env, ak_text(env, "ERR_MPI"), ak_text(env, message), &error));
	AK_TRY(env, napi_set_named_property(env, error, "call", ak_text(env, call)));
	AK_TRY(env, napi_set_named_property(env, error, "errorClass", ak_number(env, class)));
	napi_throw(env, error);
	return NULL;
}

bool mpi_ready(napi_env env, const char *function)
{
	int initialized = 0;
	int finalized = 0;

	MPI_Initialized(&initialized);
	MPI_Finalized(&finalized);
	if (initialized && !finalized)
		return true;
	ak_throw(env, "ERR_MPI_STATE", "%s: MPI is %s", function, finalized ? "finalized" : "not initialized");
	return false;
}

NAPI_MODULE_INIT()
{
	environment_exports(env, exports);
	communicator_exports(env, exports);
	collective_exports(env, exports);
	gather_exports(env, exports);
	reduce_exports(env, exports);
	scatter_exports(env, exports);
	message_exports(env, exports);
	return exports;
}
