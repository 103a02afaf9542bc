/* What a C program reaches with the messages that programs/pair.mjs sends: the same calls of UCX with the same
 * parameters, sizes, memory and number of requests in flight.
 *   pair client|server requests|get|map BYTES WINDOW
 * requests: 64-byte headers both ways; get: the server fetches BYTES of the client's memory before it answers;
 * map: it copies them from the client's memory, which it has mapped.
 * Each process prints a line, ADDRESS KEY BASE, and reads that of its peer. The client then prints the requests per
 * second: the median over batches. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucp/api/ucp.h>

enum { HEADER_BYTES = 64, WINDOW_MAX = 64, HEX_MAX = 8192, HUGE_PAGE = 2 << 20, STOP = -1 };

struct header {
	int32_t slot;
	uint8_t rest[HEADER_BYTES - 4];
};

static ucp_worker_h worker;
static ucp_ep_h peer;
static ucp_rkey_h peer_key;
static uint64_t peer_base;
static uint8_t *memory;
static size_t payload_bytes;

/* Arrivals and finished transfers wait here for the loop, as they do in the event ring of ucx-node. */
static int32_t queue[2 * WINDOW_MAX];
static unsigned queue_head, queue_tail;
/* UCX reads a header until its send has completed. */
static struct header headers[WINDOW_MAX + 1];

static void check(ucs_status_t status, const char *what)
{
	if (status == UCS_OK)
		return;
	fprintf(stderr, "pair: %s: %s\n", what, ucs_status_string(status));
	exit(1);
}

static void enqueue(int32_t slot)
{
	queue[queue_head++ % (2 * WINDOW_MAX)] = slot;
}

static ucs_status_t on_message(void *arg, const void *header, size_t header_bytes, void *data, size_t bytes,
			       const ucp_am_recv_param_t *param)
{
	enqueue(((const struct header *)header)->slot);
	return UCS_OK;
}

static void send_done(void *request, ucs_status_t status, void *user)
{
	check(status, "send");
	ucp_request_free(request);
}

static void get_done(void *request, ucs_status_t status, void *user)
{
	check(status, "get");
	enqueue((int32_t)(intptr_t)user + WINDOW_MAX);
	ucp_request_free(request);
}

static void send_header(int32_t slot)
{
	struct header *header = &headers[slot == STOP ? WINDOW_MAX : slot];
	ucp_request_param_t param = { .op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK, .cb.send = send_done };
	ucs_status_ptr_t request;

	header->slot = slot;
	request = ucp_am_send_nbx(peer, 0, header, HEADER_BYTES, NULL, 0, &param);
	if (UCS_PTR_IS_ERR(request))
		check(UCS_PTR_STATUS(request), "ucp_am_send_nbx");
}

static void fetch(int32_t slot)
{
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA,
		.cb.send = get_done,
		.user_data = (void *)(intptr_t)slot,
	};
	size_t offset = (size_t)slot * payload_bytes;
	ucs_status_ptr_t request =
		ucp_get_nbx(peer, memory + offset, payload_bytes, peer_base + offset, peer_key, &param);

	if (UCS_PTR_IS_ERR(request))
		check(UCS_PTR_STATUS(request), "ucp_get_nbx");
	if (request == NULL)
		enqueue(slot + WINDOW_MAX);
}

static void serve(const char *mode)
{
	void *mapped = NULL;

	if (strcmp(mode, "map") == 0)
		check(ucp_rkey_ptr(peer_key, peer_base, &mapped), "ucp_rkey_ptr");
	for (;;) {
		ucp_worker_progress(worker);
		while (queue_tail != queue_head) {
			int32_t slot = queue[queue_tail++ % (2 * WINDOW_MAX)];

			if (slot == STOP)
				return;
			if (slot >= WINDOW_MAX) {
				send_header(slot - WINDOW_MAX);
				continue;
			}
			if (strcmp(mode, "get") == 0) {
				fetch(slot);
				continue;
			}
			if (mapped != NULL) {
				size_t offset = (size_t)slot * payload_bytes;
				memcpy(memory + offset, (uint8_t *)mapped + offset, payload_bytes);
			}
			send_header(slot);
		}
	}
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void request(int batches, int per_batch, int window)
{
	int warm_up = batches / 10;
	double *rates = malloc((size_t)batches * sizeof *rates);

	for (int slot = 0; slot < window; slot++)
		send_header(slot);
	for (int batch = -warm_up; batch < batches; batch++) {
		double start = now();

		for (int answered = 0; answered < per_batch;) {
			ucp_worker_progress(worker);
			for (; queue_tail != queue_head; answered++)
				send_header(queue[queue_tail++ % (2 * WINDOW_MAX)]);
		}
		if (batch >= 0)
			rates[batch] = per_batch / (now() - start);
	}
	while (queue_head - queue_tail < (unsigned)window)
		ucp_worker_progress(worker);
	qsort(rates, (size_t)batches, sizeof *rates, ascending);
	printf("%.1f\n", rates[batches / 2]);
	fflush(stdout);
	free(rates);
	send_header(STOP);
	ucp_worker_progress(worker);
}

static void print_hex(const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%02x", ((const uint8_t *)bytes)[i]);
}

static void read_hex(uint8_t *bytes)
{
	char text[HEX_MAX];
	unsigned value;

	if (scanf("%8191s", text) != 1)
		exit(1);
	for (size_t i = 0; sscanf(text + 2 * i, "%2x", &value) == 1; i++)
		bytes[i] = (uint8_t)value;
}

/* The client's memory is UCX's own, which peers reach without the kernel; the server's is anonymous, of huge pages. */
static ucp_mem_h make_memory(ucp_context_h context, bool client, size_t bytes)
{
	ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_LENGTH | UCP_MEM_MAP_PARAM_FIELD_FLAGS,
		.length = bytes,
		.flags = UCP_MEM_MAP_ALLOCATE,
	};
	ucp_mem_attr_t attributes = { .field_mask = UCP_MEM_ATTR_FIELD_ADDRESS };
	ucp_mem_h handle;

	if (!client) {
		void *reserved = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		params.field_mask = UCP_MEM_MAP_PARAM_FIELD_LENGTH | UCP_MEM_MAP_PARAM_FIELD_ADDRESS;
		params.address = (void *)(((uintptr_t)reserved + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
		madvise(params.address, bytes, MADV_HUGEPAGE);
	}
	check(ucp_mem_map(context, &params, &handle), "ucp_mem_map");
	check(ucp_mem_query(handle, &attributes), "ucp_mem_query");
	memory = attributes.address;
	memset(memory, 0x5a, bytes);
	return handle;
}

static void meet(ucp_context_h context, ucp_mem_h handle)
{
	static uint8_t address[HEX_MAX], key[HEX_MAX];
	ucp_address_t *own_address;
	void *own_key;
	size_t address_bytes, key_bytes;
	unsigned long long base;
	ucp_ep_params_t params = {
		.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE,
		.address = (ucp_address_t *)address,
		.err_mode = UCP_ERR_HANDLING_MODE_PEER,
	};

	check(ucp_worker_get_address(worker, &own_address, &address_bytes), "ucp_worker_get_address");
	check(ucp_rkey_pack(context, handle, &own_key, &key_bytes), "ucp_rkey_pack");
	print_hex(own_address, address_bytes);
	printf(" ");
	print_hex(own_key, key_bytes);
	printf(" %llu\n", (unsigned long long)(uintptr_t)memory);
	fflush(stdout);
	read_hex(address);
	read_hex(key);
	if (scanf("%llu", &base) != 1)
		exit(1);
	peer_base = base;
	check(ucp_ep_create(worker, &params, &peer), "ucp_ep_create");
	check(ucp_ep_rkey_unpack(peer, key, &peer_key), "ucp_ep_rkey_unpack");
}

int main(int argc, char **argv)
{
	ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES,
		.features = UCP_FEATURE_AM | UCP_FEATURE_RMA | UCP_FEATURE_WAKEUP,
	};
	ucp_worker_params_t worker_params = {
		.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
		.thread_mode = UCS_THREAD_MODE_SINGLE,
	};
	ucp_am_handler_param_t handler = {
		.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB,
		.cb = on_message,
	};
	int window = argc == 5 ? atoi(argv[4]) : 0;
	ucp_context_h context;

	if (window < 1 || window > WINDOW_MAX) {
		fprintf(stderr, "usage: pair client|server requests|get|map BYTES WINDOW (1 to %d)\n", WINDOW_MAX);
		return 2;
	}
	payload_bytes = (size_t)atol(argv[3]);
	bool client = strcmp(argv[1], "client") == 0;
	check(ucp_init(&params, NULL, &context), "ucp_init");
	check(ucp_worker_create(context, &worker_params, &worker), "ucp_worker_create");
	check(ucp_worker_set_am_recv_handler(worker, &handler), "ucp_worker_set_am_recv_handler");
	size_t memory_bytes = payload_bytes * (size_t)window;
	meet(context, make_memory(context, client, memory_bytes > 4096 ? memory_bytes : 4096));
	if (client) {
		int per_batch = payload_bytes == 0 ? 64 : 2 * window;
		/* 2 GiB of payload, or 40,000 batches of headers alone. */
		int batches = payload_bytes == 0 ? 40000 : (int)((2UL << 30) / payload_bytes / (size_t)per_batch);

		request(batches, per_batch, window);
	} else {
		serve(argv[2]);
	}
	return 0;
}
