/* One io_uring behind two rings that JavaScript sees.
 *
 *   JavaScript --> command ring --(command.c)--> SQ --> kernel --> CQ --(progress.c)--> completion ring --> JavaScript
 *
 *   addon.c     Node-API surface: arguments, objects, lifetime
 *   setup.c     opening and closing the io_uring, and what to do when the kernel refuses
 *   tables.c    fixed buffers and fixed files
 *   command.c   taking commands: room, chains, refusals
 *   check.c     what a command may name: bounds of memory, files, flags
 *   prepare.c   a checked command into an SQE
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

enum op {
	OP_NOP,
	OP_READ,
	OP_WRITE,
	OP_FSYNC,
	OP_FDATASYNC,
	OP_FALLOCATE,
	OP_READV,
	OP_WRITEV,
	OP_OPENAT,
	OP_CLOSE,
	OP_STATX,
	OP_UNLINKAT,
	OP_RENAMEAT,
	OP_TIMEOUT,
	OP_CANCEL,
	OP_COUNT,
};

/* Free-running counters; a ring's slot is the counter modulo its slots. */
struct control {
	uint32_t command_head;    /* JavaScript */
	uint32_t command_tail;    /* native */
	uint32_t completion_head; /* native */
	uint32_t completion_tail; /* JavaScript */
	uint32_t in_flight;       /* native: taken and not yet in the completion ring */
	uint32_t reserved[11];
};

/* Which operation reads which field, and as what, is the table in index.d.ts. */
struct command {
	int32_t op;
	int32_t file; /* or the descriptor of the directory that a path starts at */
	int32_t buffer;
	int32_t length; /* bytes, or vectors, or completions (TIMEOUT), or the cookie that CANCEL looks for */
	int32_t flags;
	int32_t cookie;
	int32_t sqe_flags;
	int32_t new_directory; /* RENAMEAT */
	double file_offset;
	double buffer_offset;
	double argument;        /* bytes to allocate, mode, offset of a statx or of the new path, nanoseconds */
	double second_argument; /* statx mask, bytes of the new path */
};

struct completion {
	int32_t cookie;
	int32_t result;
	int32_t flags;
	int32_t reserved;
};

/* One piece of a vectored transfer, as JavaScript writes it. */
struct vector {
	int32_t buffer;
	int32_t bytes;
	double buffer_offset;
};

_Static_assert(sizeof(struct control) == 64, "the control block is one cache line");
_Static_assert(sizeof(struct command) == 64, "documented in index.d.ts");
_Static_assert(sizeof(struct completion) == 16, "documented in index.d.ts");
_Static_assert(sizeof(struct vector) == 16, "documented in index.d.ts");

#define MAX_VECTORS 1024 /* IOV_MAX */
/* What the kernel takes as one fixed buffer. A larger one of ours is a run of those. */
#define PIECE_BYTES (1ul << 30)

#define NOT_PINNED UINT32_MAX

struct buffer {
	char *data;
	size_t bytes;
	uint32_t first_piece; /* or NOT_PINNED */
};

/* A slot that an OPENAT in flight will fill belongs to nobody else and has no file yet. */
enum file_state { FILE_NONE, FILE_OPENING, FILE_OPEN };

/* Rings whose completions are not what the best set-up for one thread does; see index.d.ts. */
struct ring_mode {
	bool sq_poll, io_poll;
};

struct ring {
	struct poll_source source;
	bool open;
	struct io_uring uring;
	struct ring_mode mode;
	unsigned setup_flags;
	int event_fd;

	struct control *control;
	struct command *commands;
	struct completion *completions;
	uint32_t command_slots, completion_slots;
	size_t rings_bytes;

	bool buffers_registered;
	uint32_t buffer_count;
	struct buffer *buffers;
	uint32_t file_slots, free_files;
	uint8_t *files; /* enum file_state */

	/* What SQEs point to, by the SQE's place in the SQ: the kernel has copied it when it gives the place back. */
	struct iovec (*vectors)[MAX_VECTORS]; /* NULL before the first vectored command */
	struct __kernel_timespec *durations;
};

/* setup.c */
/* `entries` is a power of two. Never fails but by running out of memory, which ends the process. */
struct ring *ring_new(uint32_t entries, uint32_t file_slots, struct ring_mode mode);
/* 0 or -errno, and the step that failed; ring_free is due in any case. */
int ring_open(struct ring *ring, const char **step);
/* What the user can do about -errno: a sentence, or empty. */
const char *ring_open_hint(int status, char *text, size_t size);
/* Cancels what can be cancelled, waits for the rest, closes; blocks meanwhile. The rings' memory stays. */
void ring_close(struct ring *ring);
void ring_free(struct ring *ring);

/* tables.c: an index or 0, or -errno */
uint32_t ring_pieces(size_t bytes);
int ring_register_buffers(struct ring *ring, const struct iovec *buffers, uint32_t count);
/* Memory that operations may name without its being a fixed buffer. */
int ring_add_buffer(struct ring *ring, const struct iovec *buffer);
int ring_register_file(struct ring *ring, int fd);
int ring_update_file(struct ring *ring, uint32_t index, int fd);
int ring_unregister_file(struct ring *ring, uint32_t index);
/* The lowest free slot, taken for an OPENAT; there is one. */
uint32_t ring_reserve_file(struct ring *ring);
void ring_set_file(struct ring *ring, uint32_t index, enum file_state state);

/* check.c */
/* 0, or the -errno with which the command completes without reaching the kernel. `opens` counts the OPENATs of its
 * chain, which must all find a free slot. */
int ring_check(const struct ring *ring, const struct command *command, uint32_t *opens);

/* prepare.c */
/* `command` has been checked. */
void ring_prepare(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe);
/* What a completion means for the table of files; the result as JavaScript sees it. */
int ring_settle(struct ring *ring, uint64_t user_data, int result);

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
