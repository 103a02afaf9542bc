/* The JavaScript class Worker: reads arguments, calls the files that do the work, makes the values. */
#include <stdlib.h>
#include <string.h>

#include "addon_kit.h"
#include "worker.h"

enum {
	SLOTS_MAX = 1 << 16,
	AM_IDS_MAX = 1 << 10,
	EAGER_BYTES_MAX = 1 << 20,
	DESCRIPTION_BYTES = 512,
};
static const double BUFFER_BYTES_MAX = 4294967295.0; /* Node 20 makes no larger external ArrayBuffer */

static const napi_type_tag source_tag = POLL_SOURCE_TAG;
static const napi_type_tag worker_tag = {0x7563782d6e6f6465ull, 0x576f726b65722d31ull};

static napi_value throw_ucx(napi_env env, const char *call, ucs_status_t status)
{
	return ak_throw(env, "ERR_UCX", "%s: %s (%d)", call, ucs_status_string(status), (int)status);
}

static struct worker *worker_of(napi_env env, napi_value self)
{
	bool ours = false;
	struct worker *worker = NULL;
	if (napi_check_object_type_tag(env, self, &worker_tag, &ours) != napi_ok || !ours ||
	    napi_unwrap(env, self, (void **)&worker) != napi_ok) {
		ak_throw_type(env, "this is not a Worker");
		return NULL;
	}
	if (!worker->open) {
		ak_throw(env, "ERR_CLOSED", "the Worker is closed");
		return NULL;
	}
	return worker;
}

/* Starts a method: reads up to `count` arguments into argv and finds the open worker. */
#define METHOD(env, info, count)                                                                   \
	AK_METHOD(env, info, count);                                                               \
	struct worker *worker = worker_of(env, self);                                              \
	if (!worker)                                                                               \
	return NULL

/* The memory is ours: it goes when the worker closes, after binding_detach took it from JavaScript. */
static void on_buffer_gone(napi_env env, void *data, void *hint)
{
}

/* An ArrayBuffer over memory of the worker, made once and kept by `reference`. */
static napi_value buffer_over(napi_env env, napi_ref *reference, void *memory, size_t bytes)
{
	napi_value buffer;
	if (*reference) {
		AK_TRY(env, napi_get_reference_value(env, *reference, &buffer));
		return buffer;
	}
	AK_TRY(env, napi_create_external_arraybuffer(env, memory, bytes, on_buffer_gone, NULL, &buffer));
	AK_TRY(env, napi_create_reference(env, buffer, 1, reference));
	return buffer;
}

void binding_detach(struct worker *worker, napi_ref *reference)
{
	if (!*reference)
		return;
	napi_handle_scope scope;
	napi_value buffer;
	if (napi_open_handle_scope(worker->env, &scope) == napi_ok) {
		if (napi_get_reference_value(worker->env, *reference, &buffer) == napi_ok)
			napi_detach_arraybuffer(worker->env, buffer);
		napi_close_handle_scope(worker->env, scope);
	}
	napi_delete_reference(worker->env, *reference);
	*reference = NULL;
}

/* A Uint8Array that owns a copy of the bytes. */
static napi_value bytes_copy(napi_env env, const void *content, size_t bytes)
{
	void *memory;
	napi_value buffer, array;
	AK_TRY(env, napi_create_arraybuffer(env, bytes, &memory, &buffer));
	memcpy(memory, content, bytes);
	AK_TRY(env, napi_create_typedarray(env, napi_uint8_array, bytes, buffer, 0, &array));
	return array;
}

static napi_value make_address(napi_env env, struct worker *worker)
{
	ucp_address_t *address;
	size_t bytes;
	ucs_status_t status = ucp_worker_get_address(worker->ucp, &address, &bytes);
	if (status != UCS_OK)
		return throw_ucx(env, "ucp_worker_get_address", status);
	size_t sealed_bytes = sizeof(struct sealed_address) + bytes;
	struct sealed_address *sealed = must_realloc(NULL, sealed_bytes);
	sealed->process = worker->process;
	memcpy(sealed->ucx, address, bytes);
	ucp_worker_release_address(worker->ucp, address);
	seal_write(sealed->seal, SEAL_ADDRESS, &sealed->process, sealed_bytes - SEAL_BYTES);
	napi_value out = bytes_copy(env, sealed, sealed_bytes);
	free(sealed);
	return out;
}

static void on_worker_gone(napi_env env, void *worker, void *hint)
{
	worker_release(worker);
}

static void on_source_gone(napi_env env, void *source, void *hint)
{
	worker_release(((struct poll_source *)source)->state);
}

static napi_value make_source(napi_env env, struct worker *worker)
{
	napi_value source;
	AK_TRY(env, napi_create_external(env, &worker->source, on_source_gone, NULL, &source));
	worker->references++;
	AK_TRY(env, napi_type_tag_object(env, source, &source_tag));
	return source;
}

/* The hot call: a function of its own for each worker, which saves looking into `this` (155 of 185 ns). */
static napi_value bound_poll(napi_env env, napi_callback_info info)
{
	struct worker *worker;
	AK_TRY(env, napi_get_cb_info(env, info, NULL, NULL, NULL, (void **)&worker));
	if (!worker->open)
		return ak_throw(env, "ERR_CLOSED", "the Worker is closed");
	napi_value out;
	AK_TRY(env, napi_create_int32(env, progress_poll(worker), &out));
	return out;
}

static napi_value make_poll(napi_env env, struct worker *worker)
{
	napi_value poll;
	AK_TRY(env, napi_create_function(env, "poll", NAPI_AUTO_LENGTH, bound_poll, worker, &poll));
	AK_TRY(env, napi_add_finalizer(env, poll, worker, on_worker_gone, NULL, NULL));
	worker->references++;
	return poll;
}

static bool read_option(napi_env env, napi_value options, const char *name, double low, double high, int64_t *out)
{
	napi_value value;
	char what[48];
	if (!ak_is(env, options, napi_object))
		return true;
	if (napi_get_named_property(env, options, name, &value) != napi_ok)
		return false;
	snprintf(what, sizeof what, "Worker: %s", name);
	return ak_is(env, value, napi_undefined) || ak_integer(env, value, what, low, high, out);
}

static bool is_power_of_two(int64_t value)
{
	return (value & (value - 1)) == 0;
}

static bool read_options(napi_env env, napi_value value, struct worker_options *options)
{
	int64_t command_slots = 1024, event_slots = 2048, am_ids = 1, eager_bytes = 16384;
	if (!ak_is(env, value, napi_undefined) && !ak_is(env, value, napi_object)) {
		ak_throw_type(env, "Worker: options must be an object");
		return false;
	}
	if (!read_option(env, value, "commandSlots", 2, SLOTS_MAX, &command_slots) ||
	    !read_option(env, value, "eventSlots", 2, SLOTS_MAX, &event_slots) ||
	    !read_option(env, value, "amIds", 1, AM_IDS_MAX, &am_ids) ||
	    !read_option(env, value, "eagerBytes", 0, EAGER_BYTES_MAX, &eager_bytes))
		return false;
	if (!is_power_of_two(command_slots) || !is_power_of_two(event_slots)) {
		ak_throw_range(env, "Worker: commandSlots and eventSlots must be powers of two");
		return false;
	}
	*options = (struct worker_options){
		.command_slots = (uint32_t)command_slots,
		.event_slots = (uint32_t)event_slots,
		.am_ids = (int32_t)am_ids,
		.eager_bytes = (size_t)eager_bytes,
	};
	return true;
}

static napi_value define_properties(napi_env env, napi_value self, struct worker *worker)
{
	napi_value address = make_address(env, worker);
	napi_value source = address ? make_source(env, worker) : NULL;
	napi_value poll = source ? make_poll(env, worker) : NULL;
	napi_value rings = poll ? buffer_over(env, &worker->rings_buffer, worker->rings, worker->rings_bytes) : NULL;
	if (!rings)
		return NULL;
	double event_offset = CONTROL_BYTES + (double)worker->command_slots * RECORD_BYTES;
	napi_property_descriptor properties[] = {
		{.utf8name = "address", .value = address},
		{.utf8name = "source", .value = source},
		{.utf8name = "poll", .value = poll},
		{.utf8name = "rings", .value = rings},
		{.utf8name = "commandOffset", .value = ak_number(env, CONTROL_BYTES)},
		{.utf8name = "commandSlots", .value = ak_number(env, worker->command_slots)},
		{.utf8name = "eventOffset", .value = ak_number(env, event_offset)},
		{.utf8name = "eventSlots", .value = ak_number(env, worker->event_slots)},
		{.utf8name = "eagerBytes", .value = ak_number(env, (double)worker->eager_bytes)},
		{.utf8name = "eventFd", .value = ak_number(env, worker->event_fd)},
	};
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
		properties[i].attributes = napi_enumerable;
	AK_TRY(env, napi_define_properties(env, self, sizeof properties / sizeof *properties, properties));
	return self;
}

static napi_value construct(napi_env env, napi_callback_info info)
{
	AK_METHOD(env, info, 1);
	napi_value new_target;
	AK_TRY(env, napi_get_new_target(env, info, &new_target));
	if (!new_target)
		return ak_throw_type(env, "Worker must be called with new");
	struct worker_options options;
	if (!read_options(env, argv[0], &options))
		return NULL;
	struct worker *worker = must_realloc(NULL, sizeof *worker);
	*worker = (struct worker){.env = env, .references = 1};
	const char *failed_call;
	ucs_status_t status = worker_open(worker, &options, &failed_call);
	if (status != UCS_OK) {
		worker_close(worker);
		worker_release(worker);
		return throw_ucx(env, failed_call, status);
	}
	if (napi_wrap(env, self, worker, on_worker_gone, NULL, NULL) != napi_ok) {
		worker_close(worker);
		worker_release(worker);
		return ak_throw(env, "ERR_NAPI", "Worker: napi_wrap failed");
	}
	if (napi_type_tag_object(env, self, &worker_tag) != napi_ok ||
	    napi_create_reference(env, self, 1, &worker->self) != napi_ok || !define_properties(env, self, worker)) {
		worker_close(worker);
		return NULL;
	}
	return self;
}

static napi_value worker_connect(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	void *address;
	size_t bytes;
	if (!ak_bytes(env, argv[0], "connect: address", &address, &bytes))
		return NULL;
	if (bytes <= sizeof(struct sealed_address) || !seal_check(address, bytes, SEAL_ADDRESS))
		return ak_throw(env, "ERR_INVALID_ADDRESS", "connect: these %zu bytes are not the address of a Worker", bytes);
	/* A copy, because JavaScript's view need not be aligned. */
	struct sealed_address *copy = memcpy(must_realloc(NULL, bytes), address, bytes);
	int32_t index;
	ucs_status_t status = endpoint_connect(worker, copy, &index);
	free(copy);
	return status == UCS_OK ? ak_number(env, index) : throw_ucx(env, "ucp_ep_create", status);
}

static napi_value worker_allocate(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 2);
	char kind[16];
	int64_t bytes;
	if (!ak_string(env, argv[0], "allocate: kind", kind, sizeof kind) ||
	    !ak_integer(env, argv[1], "allocate: bytes", 1, BUFFER_BYTES_MAX, &bytes))
		return NULL;
	bool shared = strcmp(kind, "shared") == 0;
	if (!shared && strcmp(kind, "private") != 0)
		return ak_throw_range(env, "allocate: kind must be \"shared\" or \"private\", not \"%s\"", kind);
	int32_t index;
	ucs_status_t status = region_allocate(worker, shared, (size_t)bytes, &index);
	return status == UCS_OK ? ak_number(env, index) : throw_ucx(env, "ucp_mem_map", status);
}

static struct region *region_argument(napi_env env, struct worker *worker, napi_value value, const char *what)
{
	int64_t index;
	if (!ak_integer(env, value, what, 0, worker->region_count - 1, &index))
		return NULL;
	return &worker->regions[index];
}

static napi_value worker_region(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	struct region *region = region_argument(env, worker, argv[0], "region: index");
	return region ? buffer_over(env, &region->buffer, region->base, region->bytes) : NULL;
}

static napi_value worker_pack_key(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	struct region *region = region_argument(env, worker, argv[0], "packKey: region");
	if (!region)
		return NULL;
	void *packed;
	size_t bytes;
	ucs_status_t status = key_pack(worker, (int32_t)(region - worker->regions), &packed, &bytes);
	if (status != UCS_OK)
		return throw_ucx(env, "ucp_rkey_pack", status);
	napi_value out = bytes_copy(env, packed, bytes);
	free(packed);
	return out;
}

static struct endpoint *endpoint_argument(napi_env env, struct worker *worker, napi_value value, const char *what)
{
	int64_t index;
	if (!ak_integer(env, value, what, 0, worker->endpoint_count - 1, &index))
		return NULL;
	struct endpoint *endpoint = worker->endpoints[index];
	if (endpoint->state != ENDPOINT_OPEN) {
		ak_throw(env, "ERR_NOT_CONNECTED", "%s %d: %s", what, (int)index, ucs_status_string(endpoint->status));
		return NULL;
	}
	return endpoint;
}

static napi_value worker_unpack_key(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 2);
	struct endpoint *endpoint = endpoint_argument(env, worker, argv[0], "unpackKey: endpoint");
	void *packed;
	size_t bytes;
	if (!endpoint || !ak_bytes(env, argv[1], "unpackKey: key", &packed, &bytes))
		return NULL;
	if (!key_is_valid(packed, bytes))
		return ak_throw(env, "ERR_INVALID_KEY", "unpackKey: these %zu bytes are not a packed key", bytes);
	int32_t index;
	ucs_status_t status = key_unpack(endpoint, packed, bytes, &index);
	return status == UCS_OK ? ak_number(env, index) : throw_ucx(env, "ucp_ep_rkey_unpack", status);
}

static napi_value worker_map(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	int64_t index;
	if (!ak_integer(env, argv[0], "map: key", 0, worker->key_count - 1, &index))
		return NULL;
	struct key *key = &worker->keys[index];
	void *address;
	if (!key->rkey || ucp_rkey_ptr(key->rkey, key->remote_base, &address) != UCS_OK)
		return NULL;
	return buffer_over(env, &key->buffer, address, key->bytes);
}

static napi_value worker_landing(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 4);
	struct region *region = region_argument(env, worker, argv[0], "landing: region");
	if (!region)
		return NULL;
	int64_t offset, slot_bytes, slots;
	if (!ak_integer(env, argv[1], "landing: offset", 0, (double)region->bytes, &offset) ||
	    !ak_integer(env, argv[2], "landing: slotBytes", 1, (double)region->bytes, &slot_bytes) ||
	    !ak_integer(env, argv[3], "landing: slots", 1, 1 << 24, &slots))
		return NULL;
	struct landing *landing = &worker->landing;
	if (landing->base)
		return ak_throw(env, "ERR_STATE", "landing: this Worker has its landing area already");
	if ((double)slot_bytes * (double)slots > (double)(region->bytes - (size_t)offset))
		return ak_throw_range(env, "landing: %lld slots of %lld bytes at %lld exceed the region's %zu bytes",
				      (long long)slots, (long long)slot_bytes, (long long)offset, region->bytes);
	size_t stack_bytes = ((size_t)slots + 1) * sizeof(int32_t);
	int32_t *stack = must_realloc(NULL, stack_bytes);
	stack[0] = (int32_t)slots;
	for (int32_t i = 0; i < slots; i++)
		stack[1 + i] = (int32_t)slots - 1 - i; /* slot 0 is on top: the lowest slots stay warm in the cache */
	*landing = (struct landing){
		.base = region->base + offset,
		.free_stack = stack,
		.offset = (size_t)offset,
		.slot_bytes = (size_t)slot_bytes,
		.slots = (int32_t)slots,
	};
	napi_value buffer = buffer_over(env, &landing->stack_buffer, stack, stack_bytes);
	napi_value array;
	if (!buffer)
		return NULL;
	AK_TRY(env, napi_create_typedarray(env, napi_int32_array, (size_t)slots + 1, buffer, 0, &array));
	return array;
}

static napi_value worker_post(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	commands_take(worker);
	return NULL;
}

static napi_value worker_arm(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	napi_value out;
	AK_TRY(env, napi_get_boolean(env, progress_arm(worker), &out));
	return out;
}

static napi_value worker_describe(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	struct endpoint *endpoint = endpoint_argument(env, worker, argv[0], "describe: endpoint");
	if (!endpoint)
		return NULL;
	char description[DESCRIPTION_BYTES];
	endpoint_describe(endpoint, description, sizeof description);
	return ak_text(env, description);
}

static napi_value worker_endpoint_count(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	return ak_number(env, worker->endpoint_count);
}

static napi_value worker_close_method(napi_env env, napi_callback_info info)
{
	AK_METHOD(env, info, 0);
	bool ours = false;
	struct worker *worker;
	if (napi_check_object_type_tag(env, self, &worker_tag, &ours) != napi_ok || !ours ||
	    napi_unwrap(env, self, (void **)&worker) != napi_ok)
		return ak_throw_type(env, "this is not a Worker");
	if (worker->open) {
		worker_close(worker);
		napi_delete_reference(env, worker->self);
	}
	return NULL;
}

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
		METHOD_ENTRY("region", worker_region),     METHOD_ENTRY("packKey", worker_pack_key),
		METHOD_ENTRY("unpackKey", worker_unpack_key), METHOD_ENTRY("map", worker_map),
		METHOD_ENTRY("landing", worker_landing),   METHOD_ENTRY("post", worker_post),
		METHOD_ENTRY("arm", worker_arm),           METHOD_ENTRY("describe", worker_describe),
		METHOD_ENTRY("close", worker_close_method),
		{.utf8name = "endpointCount", .getter = worker_endpoint_count},
	};
	napi_value class;
	AK_TRY(env, napi_define_class(env, "Worker", NAPI_AUTO_LENGTH, construct, NULL,
				      sizeof methods / sizeof *methods, methods, &class));
	AK_TRY(env, napi_set_named_property(env, exports, "Worker", class));
	if (!export_constants(env, exports, "COMMAND", commands) || !export_constants(env, exports, "EVENT", events) ||
	    !export_constants(env, exports, "CONTROL", controls) ||
	    !ak_export(env, exports, "statusText", status_text) ||
	    !ak_export(env, exports, "libraryVersion", library_version))
		return ak_throw(env, "ERR_NAPI", "ucx-node: the exports could not be made");
	return exports;
}
