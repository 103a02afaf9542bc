/* memoryNodes(): on which NUMA nodes the pages of a buffer lie. hwloc tells the set of nodes of an area, not how
 * much lies on each, so this asks the kernel. */
#include "node_hwloc.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux: CONFIG_NODES_SHIFT is at most 10. */
#define NODES_MAX 1024
#define BATCH_PAGES 512

/* Adds up the bytes of [data, data + length) by node; 0 or errno. */
static int count_bytes(const char *data, size_t length, double bytes[NODES_MAX])
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	const char *const end = data + length;
	const char *page = data - (uintptr_t)data % page_bytes;

	while (page < end) {
		void *pages[BATCH_PAGES];
		int status[BATCH_PAGES];
		int count = 0;

		for (const char *next = page; next < end && count < BATCH_PAGES; next += page_bytes)
			pages[count++] = (void *)next;
		/* Without target nodes it moves nothing and fills `status`: a node, or -errno for an absent page. */
		if (syscall(SYS_move_pages, 0, (long)count, pages, NULL, status, 0) < 0)
			return errno;
		for (int i = 0; i < count; i++, page += page_bytes) {
			const char *from = page < data ? data : page;
			const char *to = page + page_bytes > end ? end : page + page_bytes;
			if (status[i] >= 0 && status[i] < NODES_MAX)
				bytes[status[i]] += (double)(to - from);
		}
	}
	return 0;
}

/* Pairs of node and bytes, flat. */
static napi_value memory_nodes(napi_env env, napi_callback_info info)
{
	double bytes[NODES_MAX] = {0};
	uint32_t count = 0;
	void *data;
	size_t length;
	napi_value out;
	int error;

	AK_ARGS(env, info, 1);
	if (!ak_bytes(env, argv[0], "memoryNodes: buffer", &data, &length))
		return NULL;
	error = count_bytes(data, length, bytes);
	if (error)
		return hwloc_throw(env, "move_pages", error, NULL);
	AK_TRY(env, napi_create_array(env, &out));
	for (int node = 0; node < NODES_MAX; node++) {
		if (bytes[node] == 0)
			continue;
		AK_TRY(env, napi_set_element(env, out, count++, ak_number(env, node)));
		AK_TRY(env, napi_set_element(env, out, count++, ak_number(env, bytes[node])));
	}
	return out;
}

void memory_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "memoryNodes", memory_nodes);
}
