/* The methods of the JavaScript class Worker: read arguments, call the files that do the work, make the values. */
#include <stdlib.h>
#include <string.h>

#include "binding.h"

static const double BUFFER_BYTES_MAX = 4294967295.0; /* Node 20 makes no larger external ArrayBuffer */

const napi_type_tag worker_tag = {0x7563782d6e6f6465ull, 0x576f726b65722d31ull};

napi_value throw_ucx(napi_env env, const char *call, ucs_status_t status)
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

napi_value buffer_over(napi_env env, napi_ref *reference, void *memory, size_t bytes)
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

void binding_release(struct worker *worker, napi_ref *reference)
{
	napi_delete_reference(worker->env, *reference);
	*reference = NULL;
}

napi_value bytes_copy(napi_env env, const void *content, size_t bytes)
{
	void *memory;
	napi_value buffer, array;
	AK_TRY(env, napi_create_arraybuffer(env, bytes, &memory, &buffer));
	memcpy(memory, content, bytes);
	AK_TRY(env, napi_create_typedarray(env, napi_uint8_array, bytes, buffer, 0, &array));
	return array;
}

napi_value worker_connect(napi_env env, napi_callback_info info)
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

napi_value worker_allocate(napi_env env, napi_callback_info info)
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

napi_value worker_register(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	bool is_buffer = false;
	void *memory;
	size_t bytes;
	if (napi_is_arraybuffer(env, argv[0], &is_buffer) != napi_ok || !is_buffer)
		return ak_throw_type(env, "register: memory must be an ArrayBuffer");
	AK_TRY(env, napi_get_arraybuffer_info(env, argv[0], &memory, &bytes));
	if (bytes == 0)
		return ak_throw_range(env, "register: memory must have at least one byte, and not be detached");
	napi_ref buffer;
	AK_TRY(env, napi_create_reference(env, argv[0], 1, &buffer));
	int32_t index;
	ucs_status_t status = region_register(worker, memory, bytes, buffer, &index);
	if (status == UCS_OK)
		return ak_number(env, index);
	napi_delete_reference(env, buffer);
	return throw_ucx(env, "ucp_mem_map", status);
}

static struct region *region_argument(napi_env env, struct worker *worker, napi_value value, const char *what)
{
	int64_t index;
	if (!ak_integer(env, value, what, 0, worker->region_count - 1, &index))
		return NULL;
	return &worker->regions[index];
}

napi_value worker_region(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	struct region *region = region_argument(env, worker, argv[0], "region: index");
	return region ? buffer_over(env, &region->buffer, region->base, region->bytes) : NULL;
}

napi_value worker_pack_key(napi_env env, napi_callback_info info)
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

napi_value worker_unpack_key(napi_env env, napi_callback_info info)
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

napi_value worker_map(napi_env env, napi_callback_info info)
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

napi_value worker_landing(napi_env env, napi_callback_info info)
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

napi_value worker_post(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	commands_take(worker);
	return NULL;
}

napi_value worker_arm(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	napi_value out;
	AK_TRY(env, napi_get_boolean(env, progress_arm(worker), &out));
	return out;
}

static bool set_text(napi_env env, napi_value object, const char *name, const char *text)
{
	napi_value value = ak_text(env, text);
	return value && napi_set_named_property(env, object, name, value) == napi_ok;
}

napi_value worker_describe(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 1);
	struct endpoint *endpoint = endpoint_argument(env, worker, argv[0], "describe: endpoint");
	if (!endpoint)
		return NULL;
	struct description description;
	endpoint_describe(endpoint, &description);
	napi_value out;
	AK_TRY(env, napi_create_object(env, &out));
	bool set = set_text(env, out, "small", description.small) && set_text(env, out, "large", description.large) &&
		   set_text(env, out, "all", description.all);
	return set ? out : NULL;
}

napi_value worker_query(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	ucp_context_attr_t attributes = {.field_mask = UCP_ATTR_FIELD_REQUEST_SIZE};
	ucs_status_t status = ucp_context_query(worker->context, &attributes);
	if (status != UCS_OK)
		return throw_ucx(env, "ucp_context_query", status);
	char resources[DESCRIPTION_BYTES];
	worker_describe_resources(worker, resources);
	napi_value out;
	AK_TRY(env, napi_create_object(env, &out));
	AK_TRY(env, napi_set_named_property(env, out, "requestBytes", ak_number(env, (double)attributes.request_size)));
	return set_text(env, out, "resources", resources) ? out : NULL;
}

napi_value worker_endpoint_count(napi_env env, napi_callback_info info)
{
	METHOD(env, info, 0);
	return ak_number(env, worker->endpoint_count);
}

napi_value worker_close_method(napi_env env, napi_callback_info info)
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
