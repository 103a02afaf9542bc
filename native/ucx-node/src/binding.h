/* What the files that face JavaScript share. */
#ifndef BINDING_H
#define BINDING_H

#include "addon_kit.h"
#include "worker.h"

extern const napi_type_tag worker_tag;

/* Throws ERR_UCX with the call and the status; returns NULL. */
napi_value throw_ucx(napi_env env, const char *call, ucs_status_t status);
/* An ArrayBuffer over memory of the worker, made once and kept by `reference` until binding_detach. */
napi_value buffer_over(napi_env env, napi_ref *reference, void *memory, size_t bytes);
/* A Uint8Array that owns a copy of the bytes. */
napi_value bytes_copy(napi_env env, const void *content, size_t bytes);

/* construct.c */
napi_value worker_construct(napi_env env, napi_callback_info info);

/* binding.c: the methods */
napi_value worker_connect(napi_env env, napi_callback_info info);
napi_value worker_allocate(napi_env env, napi_callback_info info);
napi_value worker_register(napi_env env, napi_callback_info info);
napi_value worker_region(napi_env env, napi_callback_info info);
napi_value worker_pack_key(napi_env env, napi_callback_info info);
napi_value worker_unpack_key(napi_env env, napi_callback_info info);
napi_value worker_map(napi_env env, napi_callback_info info);
napi_value worker_landing(napi_env env, napi_callback_info info);
napi_value worker_post(napi_env env, napi_callback_info info);
napi_value worker_arm(napi_env env, napi_callback_info info);
napi_value worker_describe(napi_env env, napi_callback_info info);
napi_value worker_query(napi_env env, napi_callback_info info);
napi_value worker_endpoint_count(napi_env env, napi_callback_info info);
napi_value worker_close_method(napi_env env, napi_callback_info info);

#endif
