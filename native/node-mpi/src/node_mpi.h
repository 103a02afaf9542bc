/* What the files of this addon share. */
#ifndef NODE_MPI_H
#define NODE_MPI_H

#include "addon_kit.h"
#include <mpi.h>

/* Throws ERR_MPI with the properties `call`, `errorClass` and the library's own words; returns NULL. */
napi_value mpi_throw(napi_env env, const char *call, int status);

/* The one place where the status of a library call is looked at. */
#define MPI_TRY(env, name, call)                                                                   \
	do {                                                                                       \
		int mpi_status = (call);                                                           \
		if (mpi_status != MPI_SUCCESS)                                                     \
			return mpi_throw((env), (name), mpi_status);                               \
	} while (0)

/* True between init and finalize; otherwise throws ERR_MPI_STATE. The standard lets a library kill the
 * process for a call outside of that span, so no call reaches it there. */
bool mpi_ready(napi_env env, const char *function);

/* Communicators are named to JavaScript by small integers; the first is MPI_COMM_WORLD. */
#define WORLD_HANDLE 0
bool communicator_table_open(napi_env env);
void communicator_table_close(void);
bool communicator_argument(napi_env env, napi_value value, const char *function, MPI_Comm *out);

void environment_exports(napi_env env, napi_value exports);
void communicator_exports(napi_env env, napi_value exports);
void collective_exports(napi_env env, napi_value exports);
void gather_exports(napi_env env, napi_value exports);
void reduce_exports(napi_env env, napi_value exports);
void scatter_exports(napi_env env, napi_value exports);
void message_exports(napi_env env, napi_value exports);

#endif
