/* The objects behind one Worker, and which file owns which of them. Everything runs on the thread of the
 * Node-API environment; UCX calls back only from inside ucp_worker_progress or the call that starts an operation. */
#ifndef WORKER_H
#define WORKER_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucp/api/ucp.h>

#include "poll_source.h"
#include "ring.h"

enum { SEAL_BYTES = 16 };

struct worker;

/* backlog.c: events that found no room in the ring, oldest first. */
struct backlog_item {
	struct event event;
	void *data; /* payload that still has to land, or NULL */
	bool ucx_owns; /* `data` goes back to UCX; otherwise to free() */
};

struct backlog {
	struct backlog_item *items;
	uint32_t head, tail, capacity;
};

/* liveness.c: a process on this or another host; part of a sealed address, so without pointers and padding. */
struct process {
	uint64_t host;
	uint64_t start_ticks;
	int64_t pid;
};

/* endpoint.c */
enum endpoint_state {
	ENDPOINT_OPEN,
	ENDPOINT_DRAINING, /* a CLOSE command waits for what is in flight */
	ENDPOINT_DRAINED,  /* nothing is in flight any more, the close is due */
	ENDPOINT_FAILED,   /* the ENDPOINT_FAILED event and the close by force are due */
	ENDPOINT_CLOSING,  /* ucp_ep_close_nbx is in flight */
	ENDPOINT_ENDED,    /* the close is over; keys and the CLOSE command's completion are due */
	ENDPOINT_CLOSED,
};

struct endpoint {
	struct worker *worker;
	ucp_ep_h ep;
	int32_t index;
	enum endpoint_state state;
	ucs_status_t status;       /* what commands on it get once it is not open */
	ucs_status_t close_status; /* what the CLOSE command gets */
	int32_t in_flight;         /* operations that have not completed */
	bool flushed;              /* while draining */
	bool close_commanded;      /* a CLOSE command waits for the end, and has this cookie */
	int32_t close_cookie;
	bool watched;
	struct process process; /* the peer, while it is watched */
};

/* operation.c: one command in flight. */
struct operation {
	struct worker *worker;
	struct operation *next_free;
	struct endpoint *endpoint; /* NULL: RECV */
	int32_t cookie;
	int32_t parts; /* UCX requests that have to end before the command is complete */
	ucs_status_t status;
	int32_t am_id, descriptor; /* RECV */
	double length;             /* RECV: bytes of the payload */
	uint8_t header[HEADER_BYTES_MAX]; /* UCX 1.13 reads the header until the send completes */
};

/* region.c */
struct region {
	uint8_t *base;
	size_t bytes;
	size_t mapped_bytes; /* > 0: our own mmap; 0: UCX's or JavaScript's */
	bool given;          /* JavaScript's memory: `buffer` keeps it alive, and is not detached */
	ucp_mem_h memh;
	napi_ref buffer;
};

struct key {
	ucp_rkey_h rkey;
	uint64_t remote_base;
	uint64_t bytes;
	int32_t endpoint;
	napi_ref buffer; /* the mapping, if it was asked for */
};

/* descriptor.c: payloads that wait for RECV or DROP. */
enum descriptor_kind { DESCRIPTOR_FREE, DESCRIPTOR_RENDEZVOUS, DESCRIPTOR_UCX_DATA, DESCRIPTOR_COPY };

struct descriptor {
	void *data;
	size_t length;
	enum descriptor_kind kind;
	int32_t am_id;
	int32_t next_free;
};

struct am_handler {
	struct worker *worker;
	int32_t am_id;
};

struct landing {
	uint8_t *base; /* NULL: no landing area, every payload becomes a descriptor */
	int32_t *free_stack; /* [0] count, [1..count] slots; JavaScript pushes, we pop */
	size_t offset, slot_bytes;
	int32_t slots;
	napi_ref stack_buffer;
};

struct worker {
	struct poll_source source;
	int references; /* the JavaScript object, its poll function, the poll source */
	napi_env env;
	napi_ref self; /* strong until close(): memory that JavaScript sees must not vanish by garbage collection */
	bool open;

	struct process process; /* ours */
	ucp_context_h context;
	ucp_worker_h ucp;
	int event_fd;

	uint8_t *rings;
	size_t rings_bytes;
	napi_ref rings_buffer;
	uint32_t *control;
	struct command *commands;
	struct event *events;
	uint32_t command_slots, event_slots;

	struct am_handler *handlers;
	int32_t am_ids;
	size_t eager_bytes;

	struct backlog completions; /* passes `arrivals`: a slot may be freed only by a completion */
	struct backlog arrivals;    /* messages, in the order in which they came */
	struct landing landing;

	struct operation *free_operations;
	struct operation **operation_blocks;
	size_t operation_block_count;

	struct descriptor *descriptors;
	int32_t descriptor_count, free_descriptor;
	struct endpoint **endpoints;
	int32_t endpoint_count, unsettled_count, watched_count;
	int64_t watched_at_ms;
	struct region *regions;
	int32_t region_count;
	struct key *keys;
	int32_t key_count;
};

/* worker.c */
struct worker_options {
	uint32_t command_slots, event_slots;
	int32_t am_ids;
	size_t eager_bytes;
};
ucs_status_t worker_open(struct worker *worker, const struct worker_options *options, const char **failed_call);
void worker_close(struct worker *worker);
void worker_release(struct worker *worker);
void *must_realloc(void *memory, size_t bytes);

/* backlog.c */
struct backlog_item *backlog_push(struct backlog *backlog);
struct backlog_item *backlog_front(struct backlog *backlog);
void backlog_pop(struct backlog *backlog);
void backlog_destroy(struct backlog *backlog);

/* event.c */
uint32_t events_unconsumed(const struct worker *worker);
bool events_have_room(const struct worker *worker);
struct event *event_append(struct worker *worker);
void event_complete(struct worker *worker, int32_t endpoint, int32_t cookie, ucs_status_t status);
void event_received(struct worker *worker, int32_t am_id, int32_t descriptor, int32_t cookie, ucs_status_t status,
		    double length);
void event_endpoint_failed(struct worker *worker, int32_t endpoint, ucs_status_t status);
void events_flush(struct worker *worker);

/* arrival.c */
ucs_status_t arrival_handler(void *argument, const void *header, size_t header_length, void *data, size_t length,
			     const ucp_am_recv_param_t *param);
bool arrivals_deliverable(struct worker *worker);
void arrivals_flush(struct worker *worker);
void arrivals_destroy(struct worker *worker);

/* descriptor.c */
int32_t descriptor_new(struct worker *worker, int32_t am_id, enum descriptor_kind kind, void *data, size_t length);
void descriptor_receive(struct worker *worker, const struct command *command);
void descriptor_drop(struct worker *worker, const struct command *command);
void descriptors_destroy(struct worker *worker);

/* operation.c */
struct operation *operation_new(struct worker *worker, struct endpoint *endpoint, const struct command *command);
void operation_part(struct operation *operation, ucs_status_ptr_t request);
void operation_part_done(struct operation *operation, ucs_status_t status);
void operation_on_complete(void *request, ucs_status_t status, void *operation);
void operation_on_receive(void *request, ucs_status_t status, size_t length, void *operation);
void operations_destroy(struct worker *worker);

/* command.c */
bool commands_pending(const struct worker *worker);
void commands_take(struct worker *worker);

/* endpoint.c */
/* What Worker.address holds. */
struct sealed_address {
	uint8_t seal[SEAL_BYTES];
	struct process process;
	uint8_t ucx[];
};
ucs_status_t endpoint_connect(struct worker *worker, const struct sealed_address *address, int32_t *index);
void endpoint_fail(struct endpoint *endpoint, ucs_status_t status);
struct endpoint *endpoint_at(struct worker *worker, int32_t index);
void endpoint_operation_done(struct endpoint *endpoint);
void endpoint_close(struct endpoint *endpoint, const struct command *command);
void endpoints_settle(struct worker *worker);
void endpoints_destroy(struct worker *worker); /* blocks for at most 1 s */
void endpoints_free(struct worker *worker);    /* after ucp_worker_destroy, the last caller of their callbacks */

/* liveness.c */
int64_t now_ms(void); /* monotonic */
void liveness_identify(struct process *process); /* fills in the calling process */
void liveness_watch(struct endpoint *endpoint, const struct process *process);
void liveness_check(struct worker *worker);

/* describe.c: names such as "posix/memory", with spaces between them. */
enum { DESCRIPTION_BYTES = 512 };
struct description {
	char small[DESCRIPTION_BYTES], large[DESCRIPTION_BYTES], all[DESCRIPTION_BYTES];
};
void endpoint_describe(struct endpoint *endpoint, struct description *out);
void worker_describe_resources(struct worker *worker, char out[DESCRIPTION_BYTES]);

/* region.c */
ucs_status_t region_allocate(struct worker *worker, bool shared, size_t bytes, int32_t *index);
ucs_status_t region_register(struct worker *worker, void *memory, size_t bytes, napi_ref buffer, int32_t *index);
/* Whether [offset, offset + length), two whole numbers, lies inside [0, bytes); false for NaN. */
static inline bool range_is_inside(double offset, double length, uint64_t bytes)
{
	return offset >= 0 && length >= 0 && offset <= (double)bytes && length <= (double)bytes - offset &&
	       offset == (double)(uint64_t)offset && length == (double)(uint64_t)length;
}
/* The bytes [offset, offset + length) of a region, or NULL when they do not lie inside it. */
uint8_t *region_range(struct worker *worker, int32_t index, double offset, double length);
void regions_destroy(struct worker *worker);

/* key.c */
ucs_status_t key_pack(struct worker *worker, int32_t region, void **packed, size_t *bytes);
bool key_is_valid(const void *packed, size_t bytes);
ucs_status_t key_unpack(struct endpoint *endpoint, const void *packed, size_t bytes, int32_t *index);
void keys_release_of(struct worker *worker, int32_t endpoint);
void keys_destroy(struct worker *worker);

/* seal.c: UCX trusts the bytes of addresses and keys, and crashes on damaged ones; so they travel sealed. */
uint64_t seal_hash(const void *content, size_t bytes);
enum seal_kind { SEAL_ADDRESS = 0x41584355, SEAL_KEY = 0x4b584355 };
void seal_write(uint8_t seal[SEAL_BYTES], enum seal_kind kind, const void *content, size_t bytes);
bool seal_check(const void *sealed, size_t bytes, enum seal_kind kind);

/* progress.c */
void progress_source(struct worker *worker);
int progress_poll(struct worker *worker);
bool progress_arm(struct worker *worker);

/* binding.c */
void binding_detach(struct worker *worker, napi_ref *buffer);
void binding_release(struct worker *worker, napi_ref *buffer);

#endif
