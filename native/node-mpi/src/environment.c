/* Start and end of MPI in this process, and what it says about itself. */
#include "node_mpi.h"

static napi_value init(napi_env env, napi_callback_info info)
{
	int initialized = 0;
	int rank;
	int size;
	napi_value world;

	MPI_Initialized(&initialized);
	if (initialized)
		return ak_throw(env, "ERR_MPI_STATE", "init: MPI can be initialized only once in a process");
	MPI_TRY(env, "MPI_Init", MPI_Init(NULL, NULL));
	MPI_TRY(env, "MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
	/* Errors that belong to no communicator of ours are raised on this one. */
	MPI_TRY(env, "MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
	if (!communicator_table_open(env))
		return NULL;
	MPI_TRY(env, "MPI_Comm_rank", MPI_Comm_rank(MPI_COMM_WORLD, &rank));
	MPI_TRY(env, "MPI_Comm_size", MPI_Comm_size(MPI_COMM_WORLD, &size));
	AK_TRY(env, napi_create_object(env, &world));
	AK_TRY(env, napi_set_named_property(env, world, "rank", ak_number(env, rank)));
	AK_TRY(env, napi_set_named_property(env, world, "size", ak_number(env, size)));
	return world;
}

static napi_value finalize(napi_env env, napi_callback_info info)
{
	if (!mpi_ready(env, "finalize"))
		return NULL;
	communicator_table_close();
	MPI_TRY(env, "MPI_Finalize", MPI_Finalize());
	return NULL;
}

static napi_value abort_job(napi_env env, napi_callback_info info)
{
	int64_t code;

	AK_ARGS(env, info, 1);
	if (!ak_integer(env, argv[0], "abort: code", 1, 255, &code) || !mpi_ready(env, "abort"))
		return NULL;
	MPI_TRY(env, "MPI_Abort", MPI_Abort(MPI_COMM_WORLD, (int)code));
	return NULL;
}

static napi_value boolean(napi_env env, int value)
{
	napi_value out;

	AK_TRY(env, napi_get_boolean(env, value != 0, &out));
	return out;
}

static napi_value initialized(napi_env env, napi_callback_info info)
{
	int flag = 0;

	MPI_TRY(env, "MPI_Initialized", MPI_Initialized(&flag));
	return boolean(env, flag);
}

static napi_value finalized(napi_env env, napi_callback_info info)
{
	int flag = 0;

	MPI_TRY(env, "MPI_Finalized", MPI_Finalized(&flag));
	return boolean(env, flag);
}

static napi_value library_version(napi_env env, napi_callback_info info)
{
	char version[MPI_MAX_LIBRARY_VERSION_STRING + 1] = "";
	int length = 0;

	MPI_TRY(env, "MPI_Get_library_version", MPI_Get_library_version(version, &length));
	return ak_text(env, version);
}

static napi_value processor_name(napi_env env, napi_callback_info info)
{
	char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
	int length = 0;

	if (!mpi_ready(env, "processorName"))
		return NULL;
	MPI_TRY(env, "MPI_Get_processor_name", MPI_Get_processor_name(name, &length));
	return ak_text(env, name);
}

void environment_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "init", init);
	ak_export(env, exports, "finalize", finalize);
	ak_export(env, exports, "abort", abort_job);
	ak_export(env, exports, "initialized", initialized);
	ak_export(env, exports, "finalized", finalized);
	ak_export(env, exports, "libraryVersion", library_version);
	ak_export(env, exports, "processorName", processor_name);
}
