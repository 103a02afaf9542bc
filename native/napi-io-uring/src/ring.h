/* One io_uring behind two rings that JavaScript sees.
 *
 *   JavaScript --> command ring --(command.c)--> SQ --> kernel --> CQ --(progress.c)--> completion ring --> JavaScript
 *
 *   addon.c     Node-API surface: arguments, objects, lifetime
 *   setup.c     opening and closing the io_uring, and what to do when the kernel refuses
 *   tables.c    fixed buffers and fixed files
 *   command.c   command records into SQEs, with all bounds checks
 *   progress.c  submit, reap, and the poll source
 *
 * One thread, no locks: the kernel is the only other party, and liburing has its barriers. */
#ifndef RING_H
#define RING_H

#include <liburing.h>
#include <poll_source.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

enum op { OP_NOP, OP_READ, OP_WRITE, OP_FSYNC, OP_FDATASYNC, OP_FALLOCATE, OP_COUNT };

/* Free-running counters; a ring's slot is the counter modulo its slots. */
struct control {
	uint32_t command_head;    /* JavaScript */
	uint32_t command_tail;    /* native */
	uint32_t completion_head; /* native */
	uint32_t completion_tail; /* JavaScript */
	uint32_t in_flight;       /* native: taken and not yet in the completion ring */
	uint32_t reserved[11];
};

struct command {
	int32_t op;
	int32_t file;
	int32_t buffer;
	int32_t length_bytes;
	int32_t flags;
	int32_t cookie;
	int32_t sqe_flags;
	int32_t reserved;
	double file_offset;
	double buffer_offset;
	double fallocate_bytes;
	double reserved_double;
};

struct completion {
	int32_t cookie;
	int32_t result;
	int32_t flags;
	int32_t reserved;
};

_Static_assert(sizeof(struct control) == 64, "the control block is one cache line");
_Static_assert(sizeof(struct command) == 64, "documented in index.d.ts");
_Static_assert(sizeof(struct completion) == 16, "documented in index.d.ts");

struct ring {
	struct poll_source source;
	bool open;
	struct io_uring uring;
	unsigned setup_flags;
	int event_fd;

	struct control *control;
	struct command *commands;
	struct completion *completions;
	uint32_t command_slots, completion_slots;
	size_t rings_bytes;

	uint32_t buffer_count;
	struct iovec *buffers;
	uint32_t file_slots;
	bool *file_used;
};

/* setup.c */
/* `entries` is a power of two. Never fails but by running out of memory, which ends the process. */
struct ring *ring_new(uint32_t entries, uint32_t file_slots);
/* 0 or -errno, and the step that failed; ring_free is due in any case. */
int ring_open(struct ring *ring, const char **step);
/* What the user can do about -errno: a sentence, or empty. */
const char *ring_open_hint(int status, char *text, size_t size);
/* Cancels what can be cancelled, waits for the rest, closes; blocks meanwhile. The rings' memory stays. */
void ring_close(struct ring *ring);
void ring_free(struct ring *ring);

/* tables.c: an index or 0, or -errno */
int ring_register_buffers(struct ring *ring, const struct iovec *buffers, uint32_t count);
int ring_register_file(struct ring *ring, int fd);
int ring_unregister_file(struct ring *ring, uint32_t index);

/* command.c */
/* Length of the next chain of linked commands; 0 if there is none, or no room for its completions. */
uint32_t ring_takeable(const struct ring *ring);
/* Takes commands while there is room; returns whether there are SQEs to submit. */
bool ring_take_commands(struct ring *ring);

/* progress.c */
static inline uint32_t ring_unconsumed(const struct ring *ring)
{
	return ring->control->completion_head - ring->control->completion_tail;
}
void ring_complete(struct ring *ring, int32_t cookie, int32_t result, uint32_t flags);
void ring_submit(struct ring *ring);
/* Moves what the CQ holds into the completion ring. */
void ring_reap(struct ring *ring);
/* Takes, submits, reaps; returns the completions that JavaScript has not consumed. Never blocks. */
int ring_poll(struct ring *ring);
extern const struct poll_source ring_source;

#endif
