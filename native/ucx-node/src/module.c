/* The exports: the class, the constants, and what needs no worker. */
#include "binding.h"

static napi_value status_text(napi_env env, napi_callback_info info)
{
	AK_ARGS(env, info, 1);
	int64_t status;
	if (!ak_integer(env, argv[0], "statusText: status", INT8_MIN, INT8_MAX, &status))
		return NULL;
	return ak_text(env, ucs_status_string((ucs_status_t)status));
}

static napi_value library_version(napi_env env, napi_callback_info info)
{
	return ak_text(env, ucp_get_version_string());
}

struct constant {
	const char *name;
	int32_t value;
};

static bool export_constants(napi_env env, napi_value exports, const char *name, const struct constant *constants)
{
	napi_value object;
	if (napi_create_object(env, &object) != napi_ok)
		return false;
	for (; constants->name; constants++)
		if (napi_set_named_property(env, object, constants->name, ak_number(env, constants->value)) != napi_ok)
			return false;
	return napi_object_freeze(env, object) == napi_ok &&
	       napi_set_named_property(env, exports, name, object) == napi_ok;
}

#define METHOD_ENTRY(js_name, function) {.utf8name = js_name, .method = function, .attributes = napi_default_method}

NAPI_MODULE_INIT()
{
	static const struct constant commands[] = {
		{"SEND", COMMAND_SEND},   {"RECV", COMMAND_RECV}, {"DROP", COMMAND_DROP}, {"PUT", COMMAND_PUT},
		{"GET", COMMAND_GET},     {"FLUSH", COMMAND_FLUSH}, {"CLOSE", COMMAND_CLOSE}, {NULL, 0},
	};
	static const struct constant events[] = {
		{"MESSAGE", EVENT_MESSAGE},     {"RENDEZVOUS", EVENT_RENDEZVOUS},
		{"RECEIVED", EVENT_RECEIVED},   {"COMPLETED", EVENT_COMPLETED},
		{"ENDPOINT_FAILED", EVENT_ENDPOINT_FAILED}, {NULL, 0},
	};
	static const struct constant controls[] = {
		{"COMMAND_HEAD", CONTROL_COMMAND_HEAD}, {"COMMAND_TAIL", CONTROL_COMMAND_TAIL},
		{"EVENT_HEAD", CONTROL_EVENT_HEAD},     {"EVENT_TAIL", CONTROL_EVENT_TAIL},
		{NULL, 0},
	};
	napi_property_descriptor methods[] = {
		METHOD_ENTRY("connect", worker_connect),   METHOD_ENTRY("allocate", worker_allocate),
		METHOD_ENTRY("register", worker_register), METHOD_ENTRY("query", worker_query),
		METHOD_ENTRY("region", worker_region),     METHOD_ENTRY("packKey", worker_pack_key),
		METHOD_ENTRY("unpackKey", worker_unpack_key), METHOD_ENTRY("map", worker_map),
		METHOD_ENTRY("landing", worker_landing),   METHOD_ENTRY("post", worker_post),
		METHOD_ENTRY("arm", worker_arm),           METHOD_ENTRY("describe", worker_describe),
		METHOD_ENTRY("close", worker_close_method),
		{.utf8name = "endpointCount", .getter = worker_endpoint_count},
	};
	napi_value class;
	AK_TRY(env, napi_define_class(env, "Worker", NAPI_AUTO_LENGTH, worker_construct, NULL,
				      sizeof methods / sizeof *methods, methods, &class));
	AK_TRY(env, napi_set_named_property(env, exports, "Worker", class));
	if (!export_constants(env, exports, "COMMAND", commands) || !export_constants(env, exports, "EVENT", events) ||
	    !export_constants(env, exports, "CONTROL", controls) ||
	    !ak_export(env, exports, "statusText", status_text) ||
	    !ak_export(env, exports, "libraryVersion", library_version))
		return ak_throw(env, "ERR_NAPI", "ucx-node: the exports could not be made");
	return exports;
}
