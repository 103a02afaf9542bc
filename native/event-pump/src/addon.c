/* The Node-API surface: one function, create(), which returns an object of functions bound to one pump.
 * Bound by their data pointer: poll() is called millions of times a second, and napi_unwrap costs as much as it does. */
#include "pump.h"

#include <addon_kit.h>
#include <stdlib.h>

#define MAX_SOURCES 64
#define MAX_US 1e12

static const napi_type_tag source_tag = POLL_SOURCE_TAG;

/* What a pump holds of JavaScript. */
struct host {
	napi_env env;
	napi_ref object;  /* weak while stopped: a pump that is not running may be collected */
	napi_ref slice;   /* held while running */
	napi_ref sources; /* the array: their memory must outlive the pump */
	napi_async_context context;
	napi_async_cleanup_hook_handle cleanup;
	struct pump *pump;
	bool closing;
};

static void release_slice(struct host *host)
{
	if (!host->slice)
		return;
	napi_delete_reference(host->env, host->slice);
	host->slice = NULL;
	uint32_t count;
	napi_reference_unref(host->env, host->object, &count);
}

/* Calls the slice function as libuv callbacks are called: with a scope whose end runs microtasks and ticks. An
 * exception of a tick is reported by the scope itself; one of the slice is drain's, and stops the pump. */
static void run_slice(struct pump *pump)
{
	struct host *host = pump->host;
	napi_env env = host->env;
	napi_handle_scope handles;
	napi_callback_scope scope;
	napi_value slice, object, result, error;
	napi_open_handle_scope(env, &handles);
	napi_get_reference_value(env, host->slice, &slice);
	napi_get_reference_value(env, host->object, &object);
	napi_open_callback_scope(env, NULL, host->context, &scope);
	if (napi_call_function(env, object, slice, 0, NULL, &result) != napi_ok) {
		pump_stop(pump);
		release_slice(host);
		if (napi_get_and_clear_last_exception(env, &error) == napi_ok)
			napi_fatal_exception(env, error);
	}
	napi_close_callback_scope(env, scope);
	napi_close_handle_scope(env, handles);
}

static void on_closed(struct pump *pump)
{
	struct host *host = pump->host;
	napi_remove_async_cleanup_hook(host->cleanup);
	pump_release(pump);
}

static void close_once(struct host *host)
{
	if (host->closing)
		return;
	host->closing = true;
	pump_close(host->pump, on_closed);
}

static void on_env_exit(napi_async_cleanup_hook_handle handle, void *data)
{
	close_once(data);
}

static void on_object_collected(napi_env env, void *data, void *hint)
{
	struct pump *pump = data;
	struct host *host = pump->host;
	/* When the environment ends, it drops the references itself. */
	if (!host->closing) {
		napi_delete_reference(env, host->sources);
		napi_delete_reference(env, host->object);
		napi_async_destroy(env, host->context);
		close_once(host);
	}
	pump_release(pump);
}

static void on_stats_collected(napi_env env, void *data, void *hint)
{
	pump_release(hint);
}

static napi_value call_poll(napi_env env, napi_callback_info info)
{
	void *data;
	napi_value out;
	napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
	napi_create_int32(env, pump_poll(data), &out);
	return out;
}

static napi_value call_start(napi_env env, napi_callback_info info)
{
	void *data;
	size_t argc = 1;
	napi_value slice;
	uint32_t count;
	AK_TRY(env, napi_get_cb_info(env, info, &argc, &slice, NULL, &data));
	struct pump *pump = data;
	struct host *host = pump->host;
	if (pump->running)
		return NULL;
	AK_TRY(env, napi_create_reference(env, slice, 1, &host->slice));
	AK_TRY(env, napi_reference_ref(env, host->object, &count));
	pump_start(pump);
	return NULL;
}

static napi_value call_stop(napi_env env, napi_callback_info info)
{
	void *data;
	AK_TRY(env, napi_get_cb_info(env, info, NULL, NULL, NULL, &data));
	struct pump *pump = data;
	pump_stop(pump);
	release_slice(pump->host);
	return NULL;
}

static napi_value call_poke(napi_env env, napi_callback_info info)
{
	void *data;
	AK_TRY(env, napi_get_cb_info(env, info, NULL, NULL, NULL, &data));
	pump_poke(data);
	return NULL;
}

static napi_value call_keep_alive(napi_env env, napi_callback_info info)
{
	void *data;
	size_t argc = 1;
	napi_value keep;
	bool yes;
	AK_TRY(env, napi_get_cb_info(env, info, &argc, &keep, NULL, &data));
	AK_TRY(env, napi_get_value_bool(env, keep, &yes));
	pump_keep_alive(data, yes);
	return NULL;
}

static bool read_us(napi_env env, napi_value options, const char *name, double low, int64_t *ns)
{
	napi_value value;
	int64_t us;
	char what[32];
	snprintf(what, sizeof what, "options.%s", name);
	if (napi_get_named_property(env, options, name, &value) != napi_ok ||
	    !ak_integer(env, value, what, low, MAX_US, &us))
		return false;
	*ns = us * 1000;
	return true;
}

static bool read_options(napi_env env, napi_value options, struct pump *pump)
{
	int64_t slice_ns, spin_ns, yield_ns;
	if (!ak_is(env, options, napi_object)) {
		ak_throw_type(env, "options must be an object");
		return false;
	}
	/* Read all before any is stored: a call that throws changes nothing. */
	if (!read_us(env, options, "sliceUs", 1, &slice_ns) || !read_us(env, options, "spinUs", 0, &spin_ns) ||
	    !read_us(env, options, "yieldUs", 0, &yield_ns))
		return false;
	pump->slice_ns = slice_ns;
	pump->spin_ns = spin_ns;
	pump->yield_ns = yield_ns;
	return true;
}

static napi_value call_tune(napi_env env, napi_callback_info info)
{
	void *data;
	size_t argc = 1;
	napi_value options;
	AK_TRY(env, napi_get_cb_info(env, info, &argc, &options, NULL, &data));
	struct pump *pump = data;
	if (read_options(env, options, pump))
		pump_begin_quiet(pump, now_ns(), pump->spin_ns + pump->yield_ns);
	return NULL;
}

static bool read_sources(napi_env env, napi_value array, struct pump *pump)
{
	for (uint32_t i = 0; i < pump->source_count; i++) {
		napi_value value;
		void *source;
		bool tagged = false;
		if (napi_get_element(env, array, i, &value) != napi_ok)
			return false;
		if (!ak_is(env, value, napi_external) ||
		    napi_check_object_type_tag(env, value, &source_tag, &tagged) != napi_ok || !tagged) {
			ak_throw_type(env, "sources[%u] is not a poll source", i);
			return false;
		}
		napi_get_value_external(env, value, &source);
		pump->sources[i].source = source;
		if (pump->sources[i].source->abi != POLL_SOURCE_ABI) {
			ak_throw(env, "ERR_PUMP_ABI", "sources[%u] has poll source ABI %u, this pump has %u: rebuild both", i,
				 pump->sources[i].source->abi, POLL_SOURCE_ABI);
			return false;
		}
	}
	return true;
}

/* The statistics are the pump's own memory: JavaScript reads what C counts, without a call. */
static napi_status make_stats(napi_env env, struct pump *pump, napi_value *stats)
{
	napi_value buffer;
	napi_status status = napi_create_external_arraybuffer(env, pump->stats, sizeof pump->stats, on_stats_collected,
							      pump, &buffer);
	if (status != napi_ok)
		return status;
	pump->owners++;
	return napi_create_typedarray(env, napi_float64_array, STAT_COUNT, buffer, 0, stats);
}

/* From napi_wrap on, the collector closes and frees the pump, whatever fails. */
static napi_value make_object(napi_env env, napi_value sources, struct pump *pump)
{
	static const struct {
		const char *name;
		napi_callback function;
	} methods[] = {
		{"poll", call_poll}, {"start", call_start}, {"stop", call_stop},
		{"tune", call_tune}, {"poke", call_poke},   {"keepAlive", call_keep_alive},
	};
	struct host *host = pump->host;
	napi_value object, name, value;
	AK_TRY(env, napi_create_object(env, &object));
	AK_TRY(env, napi_create_reference(env, sources, 1, &host->sources));
	AK_TRY(env, napi_create_reference(env, object, 0, &host->object));
	AK_TRY(env, napi_create_string_utf8(env, "event-pump", NAPI_AUTO_LENGTH, &name));
	AK_TRY(env, napi_async_init(env, NULL, name, &host->context));
	AK_TRY(env, napi_wrap(env, object, pump, on_object_collected, NULL, NULL));
	pump->owners++;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		AK_TRY(env, napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].function, pump, &value));
		AK_TRY(env, napi_set_named_property(env, object, methods[i].name, value));
	}
	AK_TRY(env, make_stats(env, pump, &value));
	AK_TRY(env, napi_set_named_property(env, object, "stats", value));
	return object;
}

/* create(sources: External[], options, runsMicrotasks: boolean) */
static napi_value create(napi_env env, napi_callback_info info)
{
	bool yes = false;
	uint32_t count = 0;
	AK_ARGS(env, info, 3);
	if (napi_is_array(env, argv[0], &yes) != napi_ok || !yes)
		return ak_throw_type(env, "sources must be an array");
	AK_TRY(env, napi_get_array_length(env, argv[0], &count));
	if (count < 1 || count > MAX_SOURCES)
		return ak_throw_range(env, "sources must hold 1 to %d sources, not %u", MAX_SOURCES, count);
	struct pump *pump = calloc(1, sizeof *pump + count * sizeof *pump->sources);
	struct host *host = calloc(1, sizeof *host);
	pump->owners = 1;
	pump->source_count = count;
	pump->host = host;
	pump->slice = run_slice;
	host->env = env;
	host->pump = pump;
	if (napi_get_value_bool(env, argv[2], &pump->runs_microtasks) != napi_ok ||
	    !read_sources(env, argv[0], pump) || !read_options(env, argv[1], pump) ||
	    napi_get_uv_event_loop(env, &pump->loop) != napi_ok) {
		free(host);
		free(pump);
		return NULL;
	}
	napi_add_async_cleanup_hook(env, on_env_exit, host, &host->cleanup);
	int status = pump_open(pump);
	if (status < 0) {
		close_once(host);
		return ak_throw(env, "ERR_PUMP_WATCH", "cannot watch the fd of a source: %s", uv_strerror(status));
	}
	return make_object(env, argv[0], pump);
}

NAPI_MODULE_INIT()
{
	napi_value yes;
	if (!ak_export(env, exports, "create", create))
		return NULL;
	AK_TRY(env, napi_get_boolean(env, can_run_microtasks(), &yes));
	AK_TRY(env, napi_set_named_property(env, exports, "canRunMicrotasks", yes));
	return exports;
}
