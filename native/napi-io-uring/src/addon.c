/* The Node-API surface: create() returns an object of functions bound to one ring, allocate() aligned memory. */
#include "ring.h"

#include <addon_kit.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#define MAX_ENTRIES 16384
#define MAX_FILES 65536
#define MAX_BUFFERS 16384
#define MAX_BUFFER_BYTES ((size_t)MAX_BUFFERS * PIECE_BYTES)
#define HUGE_PAGE_BYTES (2u << 20)

/* The object, the rings' ArrayBuffer and the source live as long as JavaScript or a pump holds them; the ring lives as
 * long as one of them does. */
struct binding {
	napi_env env;
	int owners;
	struct ring *ring;
	napi_ref buffers; /* the kernel writes into them: not collected before the ring is closed */
};

static void drop_buffers(struct binding *binding)
{
	if (binding->buffers)
		napi_delete_reference(binding->env, binding->buffers);
	binding->buffers = NULL;
}

static void release(struct binding *binding)
{
	if (--binding->owners > 0)
		return;
	ring_free(binding->ring);
	drop_buffers(binding);
	free(binding);
}

static void on_collected(napi_env env, void *data, void *hint)
{
	release(hint);
}

static napi_value throw_errno(napi_env env, const char *code, const char *what, int status, const char *hint)
{
	return ak_throw(env, code, "%s: %s (%s)%s%s", what, uv_err_name(status), uv_strerror(status), *hint ? ": " : "",
			hint);
}

/* Reads `count` arguments and the binding; false when that fails or, with an exception, when the ring is closed. */
static bool enter(napi_env env, napi_callback_info info, size_t count, napi_value *argv, struct binding **binding)
{
	void *data;
	if (napi_get_cb_info(env, info, &count, argv, NULL, &data) != napi_ok)
		return false;
	*binding = data;
	if ((*binding)->ring->open)
		return true;
	ak_throw(env, "ERR_URING_CLOSED", "the ring is closed");
	return false;
}

static napi_value call_poll(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value out;
	if (!enter(env, info, 0, NULL, &binding))
		return NULL;
	napi_create_int32(env, ring_poll(binding->ring), &out);
	return out;
}

static napi_value call_submit(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	if (enter(env, info, 0, NULL, &binding))
		ring_submit(binding->ring);
	return NULL;
}

static napi_value call_close(napi_env env, napi_callback_info info)
{
	void *data;
	AK_TRY(env, napi_get_cb_info(env, info, NULL, NULL, NULL, &data));
	struct binding *binding = data;
	ring_close(binding->ring);
	drop_buffers(binding);
	return NULL;
}

static bool read_buffers(napi_env env, napi_value array, struct iovec *buffers, uint32_t count)
{
	size_t pieces = 0;
	for (uint32_t i = 0; i < count; i++) {
		napi_value value;
		bool yes = false;
		if (napi_get_element(env, array, i, &value) != napi_ok ||
		    napi_is_arraybuffer(env, value, &yes) != napi_ok || !yes) {
			ak_throw_type(env, "buffers[%u] must be an ArrayBuffer", i);
			return false;
		}
		napi_get_arraybuffer_info(env, value, &buffers[i].iov_base, &buffers[i].iov_len);
		if (buffers[i].iov_len < 1) {
			ak_throw_range(env, "buffers[%u] must hold at least 1 byte", i);
			return false;
		}
		pieces += ring_pieces(buffers[i].iov_len);
	}
	if (pieces > MAX_BUFFERS) {
		ak_throw_range(env, "buffers must be at most %d, each counted once for every GiB it begins; they are %zu",
			       MAX_BUFFERS, pieces);
		return false;
	}
	return true;
}

static napi_value throw_register_buffers(napi_env env, int status, const struct iovec *buffers, uint32_t count)
{
	char hint[160] = "";
	if (status == -EBUSY)
		return ak_throw(env, "ERR_URING_BUFFERS", "buffers are registered already; a ring takes them once");
	if (status == -EEXIST)
		return ak_throw(env, "ERR_URING_BUFFERS", "fixed buffers are the first ones: register them before addBuffer");
	if (status == -ENOMEM) {
		uintptr_t page = sysconf(_SC_PAGESIZE);
		uintptr_t pages = 0;
		struct rlimit limit;
		getrlimit(RLIMIT_MEMLOCK, &limit);
		for (uint32_t i = 0; i < count; i++) {
			uintptr_t start = (uintptr_t)buffers[i].iov_base;
			pages += (start + buffers[i].iov_len + page - 1) / page - start / page;
		}
		snprintf(hint, sizeof hint, "they need %llu KiB of locked memory, RLIMIT_MEMLOCK allows %llu KiB per user: "
			 "raise `ulimit -l`", (unsigned long long)pages * page / 1024,
			 (unsigned long long)limit.rlim_cur / 1024);
	}
	return throw_errno(env, "ERR_URING_BUFFERS", "io_uring_register_buffers", status, hint);
}

static napi_value call_register_buffers(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value array;
	bool yes = false;
	uint32_t count = 0;
	if (!enter(env, info, 1, &array, &binding))
		return NULL;
	if (napi_is_array(env, array, &yes) != napi_ok || !yes)
		return ak_throw_type(env, "buffers must be an array");
	AK_TRY(env, napi_get_array_length(env, array, &count));
	if (count < 1 || count > MAX_BUFFERS)
		return ak_throw_range(env, "buffers must hold 1 to %d buffers, not %u", MAX_BUFFERS, count);
	struct iovec *buffers = malloc(count * sizeof *buffers);
	if (read_buffers(env, array, buffers, count)) {
		int status = ring_register_buffers(binding->ring, buffers, count);
		if (status < 0)
			throw_register_buffers(env, status, buffers, count);
		else
			napi_create_reference(env, array, 1, &binding->buffers);
	}
	free(buffers);
	return NULL;
}

/* addBuffer(buffer: ArrayBuffer): number */
static napi_value call_add_buffer(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value value, kept;
	bool yes = false;
	struct iovec buffer;
	if (!enter(env, info, 1, &value, &binding))
		return NULL;
	if (napi_is_arraybuffer(env, value, &yes) != napi_ok || !yes)
		return ak_throw_type(env, "buffer must be an ArrayBuffer");
	AK_TRY(env, napi_get_arraybuffer_info(env, value, &buffer.iov_base, &buffer.iov_len));
	if (buffer.iov_len < 1)
		return ak_throw_range(env, "buffer must hold at least 1 byte");
	if (binding->ring->buffer_count == MAX_BUFFERS)
		return ak_throw_range(env, "a ring has at most %d buffers", MAX_BUFFERS);
	if (!binding->buffers) {
		AK_TRY(env, napi_create_array(env, &kept));
		AK_TRY(env, napi_create_reference(env, kept, 1, &binding->buffers));
	}
	AK_TRY(env, napi_get_reference_value(env, binding->buffers, &kept));
	AK_TRY(env, napi_set_element(env, kept, binding->ring->buffer_count, value));
	int index = ring_add_buffer(binding->ring, &buffer);
	if (index < 0)
		return throw_errno(env, "ERR_URING_BUFFERS", "addBuffer", index, "");
	return ak_number(env, index);
}

static napi_value call_register_file(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value value;
	int64_t fd;
	if (!enter(env, info, 1, &value, &binding) || !ak_integer(env, value, "fd", 0, INT32_MAX, &fd))
		return NULL;
	int index = ring_register_file(binding->ring, fd);
	if (index == -ENFILE)
		return ak_throw(env, "ERR_URING_FILES_FULL", "all %u file slots are in use; see maxFiles",
				binding->ring->file_slots);
	if (index < 0)
		return throw_errno(env, "ERR_URING_FILE", "io_uring_register_files_update", index, "");
	return ak_number(env, index);
}

static napi_value call_update_file(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value argv[2];
	int64_t index, fd;
	if (!enter(env, info, 2, argv, &binding) || !ak_integer(env, argv[0], "index", 0, UINT32_MAX, &index) ||
	    !ak_integer(env, argv[1], "fd", 0, INT32_MAX, &fd))
		return NULL;
	int status = ring_update_file(binding->ring, index, fd);
	if (status < 0)
		return throw_errno(env, "ERR_URING_FILE", "updateFile", status, "");
	return NULL;
}

static napi_value call_unregister_file(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value value;
	int64_t index;
	if (!enter(env, info, 1, &value, &binding) || !ak_integer(env, value, "index", 0, UINT32_MAX, &index))
		return NULL;
	int status = ring_unregister_file(binding->ring, index);
	if (status < 0)
		return throw_errno(env, "ERR_URING_FILE", "unregisterFile", status, "");
	return NULL;
}

static napi_value call_set_worker_affinity(napi_env env, napi_callback_info info)
{
	struct binding *binding;
	napi_value array, value;
	bool yes = false;
	uint32_t count = 0;
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	if (!enter(env, info, 1, &array, &binding))
		return NULL;
	if (napi_is_array(env, array, &yes) != napi_ok || !yes)
		return ak_throw_type(env, "cpus must be an array");
	AK_TRY(env, napi_get_array_length(env, array, &count));
	/* The kernel drops CPUs that it does not know, and takes a set without any. */
	if (count < 1)
		return ak_throw_range(env, "cpus must name at least one CPU");
	for (uint32_t i = 0; i < count; i++) {
		int64_t cpu;
		AK_TRY(env, napi_get_element(env, array, i, &value));
		if (!ak_integer(env, value, "cpus[]", 0, sysconf(_SC_NPROCESSORS_CONF) - 1, &cpu))
			return NULL;
		CPU_SET(cpu, &cpus);
	}
	int status = io_uring_register_iowq_aff(&binding->ring->uring, sizeof cpus, &cpus);
	if (status < 0)
		return throw_errno(env, "ERR_URING_AFFINITY", "io_uring_register_iowq_aff", status, "");
	return NULL;
}

static napi_value setup_flag_names(napi_env env, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER"}, {IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN"},
		{IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"},   {IORING_SETUP_TASKRUN_FLAG, "TASKRUN_FLAG"},
		{IORING_SETUP_SUBMIT_ALL, "SUBMIT_ALL"},       {IORING_SETUP_SQPOLL, "SQPOLL"},
		{IORING_SETUP_IOPOLL, "IOPOLL"},
	};
	napi_value array;
	uint32_t count = 0;
	AK_TRY(env, napi_create_array(env, &array));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].flag)
			AK_TRY(env, napi_set_element(env, array, count++, ak_text(env, names[i].name)));
	return array;
}

static napi_value make_source(napi_env env, struct binding *binding)
{
	static const napi_type_tag tag = POLL_SOURCE_TAG;
	napi_value source;
	AK_TRY(env, napi_create_external(env, &binding->ring->source, on_collected, binding, &source));
	binding->owners++;
	AK_TRY(env, napi_type_tag_object(env, source, &tag));
	return source;
}

static napi_value make_rings(napi_env env, struct binding *binding)
{
	napi_value rings;
	AK_TRY(env, napi_create_external_arraybuffer(env, binding->ring->control, binding->ring->rings_bytes, on_collected,
						     binding, &rings));
	binding->owners++;
	return rings;
}

static napi_value make_object(napi_env env, struct binding *binding)
{
	static const struct {
		const char *name;
		napi_callback function;
	} methods[] = {
		{"poll", call_poll},
		{"submit", call_submit},
		{"close", call_close},
		{"registerBuffers", call_register_buffers},
		{"addBuffer", call_add_buffer},
		{"registerFile", call_register_file},
		{"updateFile", call_update_file},
		{"unregisterFile", call_unregister_file},
		{"setWorkerAffinity", call_set_worker_affinity},
	};
	const struct ring *ring = binding->ring;
	napi_value object, value;
	AK_TRY(env, napi_create_object(env, &object));
	AK_TRY(env, napi_wrap(env, object, binding, on_collected, binding, NULL));
	binding->owners++;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		AK_TRY(env, napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].function, binding,
						 &value));
		AK_TRY(env, napi_set_named_property(env, object, methods[i].name, value));
	}
	const struct {
		const char *name;
		napi_value value;
	} properties[] = {
		{"rings", make_rings(env, binding)},
		{"source", make_source(env, binding)},
		{"flags", setup_flag_names(env, ring->setup_flags)},
		{"eventFd", ak_number(env, ring->event_fd)},
		{"commandOffset", ak_number(env, sizeof *ring->control)},
		{"commandSlots", ak_number(env, ring->command_slots)},
		{"completionOffset", ak_number(env, (char *)ring->completions - (char *)ring->control)},
		{"completionSlots", ak_number(env, ring->completion_slots)},
	};
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
		if (!properties[i].value)
			return NULL;
		AK_TRY(env, napi_set_named_property(env, object, properties[i].name, properties[i].value));
	}
	return object;
}

/* create(entries: number, maxFiles: number, sqPoll: boolean, ioPoll: boolean) */
static napi_value create(napi_env env, napi_callback_info info)
{
	int64_t entries, file_slots;
	char hint[256];
	const char *step;
	struct ring_mode mode;
	AK_ARGS(env, info, 4);
	if (!ak_integer(env, argv[0], "options.entries", 1, MAX_ENTRIES, &entries) ||
	    !ak_integer(env, argv[1], "options.maxFiles", 1, MAX_FILES, &file_slots))
		return NULL;
	if (napi_get_value_bool(env, argv[2], &mode.sq_poll) != napi_ok)
		return ak_throw_type(env, "options.sqPoll must be a boolean");
	if (napi_get_value_bool(env, argv[3], &mode.io_poll) != napi_ok)
		return ak_throw_type(env, "options.ioPoll must be a boolean");
	if (entries & (entries - 1))
		return ak_throw_range(env, "options.entries must be a power of two, not %d", (int)entries);
	struct binding *binding = calloc(1, sizeof *binding);
	binding->env = env;
	binding->owners = 1;
	binding->ring = ring_new(entries, file_slots, mode);
	napi_value object = NULL;
	int status = ring_open(binding->ring, &step);
	if (status < 0)
		throw_errno(env, "ERR_URING_SETUP", step, status, ring_open_hint(status, hint, sizeof hint));
	else
		object = make_object(env, binding);
	release(binding);
	return object;
}

static void on_memory_collected(napi_env env, void *data, void *hint)
{
	munmap(data, (size_t)(uintptr_t)hint);
}

/* allocate(lengthBytes: number): whole zeroed pages, huge ones where the kernel has them. */
static napi_value allocate(napi_env env, napi_callback_info info)
{
	int64_t length;
	napi_value buffer;
	AK_ARGS(env, info, 1);
	if (!ak_integer(env, argv[0], "lengthBytes", 1, MAX_BUFFER_BYTES, &length))
		return NULL;
	void *data = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return throw_errno(env, "ERR_URING_MEMORY", "mmap", -errno, "");
	if (length >= HUGE_PAGE_BYTES)
		madvise(data, length, MADV_HUGEPAGE);
	AK_TRY(env, napi_create_external_arraybuffer(env, data, length, on_memory_collected, (void *)(uintptr_t)length,
						     &buffer));
	return buffer;
}

NAPI_MODULE_INIT()
{
	return ak_export(env, exports, "create", create) && ak_export(env, exports, "allocate", allocate) ? exports : NULL;
}
