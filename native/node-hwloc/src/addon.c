/* The module's entry, its errors, and the builders of plain data. */
#include "node_hwloc.h"

napi_value hwloc_throw(napi_env env, const char *call, int error, const char *what)
{
	char message[512];
	napi_value out;

	snprintf(message, sizeof message, "%s: %s%s%s", call, strerror(error), what ? ": " : "", what ? what : "");
	AK_TRY(env, napi_create_error(env, ak_text(env, "ERR_HWLOC"), ak_text(env, message), &out));
	put_text(env, out, "call", call);
	put_number(env, out, "errno", error);
	napi_throw(env, out);
	return NULL;
}

napi_value numbers_of(napi_env env, hwloc_const_bitmap_t set)
{
	napi_value out = NULL;
	uint32_t count = 0;
	unsigned number;

	napi_create_array(env, &out);
	hwloc_bitmap_foreach_begin(number, set)
		napi_set_element(env, out, count++, ak_number(env, number));
	hwloc_bitmap_foreach_end();
	return out;
}

void put(napi_env env, napi_value object, const char *key, napi_value value)
{
	if (value)
		napi_set_named_property(env, object, key, value);
}

void put_number(napi_env env, napi_value object, const char *key, double value)
{
	put(env, object, key, ak_number(env, value));
}

void put_set(napi_env env, napi_value object, const char *key, hwloc_const_bitmap_t set)
{
	put(env, object, key, numbers_of(env, set));
}

void put_text(napi_env env, napi_value object, const char *key, const char *text)
{
	if (text)
		put(env, object, key, ak_text(env, text));
}

void put_os_index(napi_env env, napi_value object, hwloc_obj_t from)
{
	if (from->os_index != HWLOC_UNKNOWN_INDEX)
		put_number(env, object, "osIndex", from->os_index);
}

NAPI_MODULE_INIT()
{
	topology_exports(env, exports);
	binding_exports(env, exports);
	memory_exports(env, exports);
	return exports;
}
