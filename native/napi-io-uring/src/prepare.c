/* Checked commands into SQEs, and what their completions mean for the table of files. */
#include "ring.h"

#include <stdlib.h>

#define NS_PER_SECOND 1000000000ull

/* user_data: the cookie, and above it the file slot of an OPENAT or CLOSE. */
#define SLOT_SHIFT 32
#define OPENS (1ull << 62)
#define CLOSES (1ull << 63)

static void *address(const struct ring *ring, int32_t buffer, double offset)
{
	return ring->buffers[buffer].data + (size_t)offset;
}

static bool reads(const struct command *command)
{
	return command->op == OP_READ || command->op == OP_READV;
}

/* Fixed, unless the memory is not pinned, or it crosses from one of the kernel's pieces of a large buffer into the next. */
static void prepare_transfer(const struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	const struct buffer *buffer = &ring->buffers[command->buffer];
	size_t start = command->buffer_offset;
	bool fixed = buffer->first_piece != NOT_PINNED && start < buffer->bytes && start % PIECE_BYTES + command->length <= PIECE_BYTES;
	int op = reads(command) ? (fixed ? IORING_OP_READ_FIXED : IORING_OP_READ)
				: (fixed ? IORING_OP_WRITE_FIXED : IORING_OP_WRITE);
	io_uring_prep_rw(op, sqe, command->file, buffer->data + start, command->length, command->file_offset);
	if (fixed)
		sqe->buf_index = buffer->first_piece + start / PIECE_BYTES;
	sqe->rw_flags = command->flags;
}

static void prepare_vectors(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	/* Zeroed pages that nobody touches cost nothing. */
	if (!ring->vectors)
		ring->vectors = calloc(ring->command_slots, sizeof *ring->vectors);
	struct iovec *iovecs = ring->vectors[sqe - ring->uring.sq.sqes];
	const struct vector *vectors = address(ring, command->buffer, command->buffer_offset);
	for (int32_t i = 0; i < command->length; i++)
		iovecs[i] = (struct iovec){
			.iov_base = address(ring, vectors[i].buffer, vectors[i].buffer_offset),
			.iov_len = vectors[i].bytes,
		};
	io_uring_prep_rw(reads(command) ? IORING_OP_READV : IORING_OP_WRITEV, sqe, command->file, iovecs, command->length,
			 command->file_offset);
	sqe->rw_flags = command->flags;
}

static void prepare_timeout(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	uint64_t duration_ns = command->argument;
	struct __kernel_timespec *duration = &ring->durations[sqe - ring->uring.sq.sqes];
	*duration = (struct __kernel_timespec){
		.tv_sec = duration_ns / NS_PER_SECOND,
		.tv_nsec = duration_ns % NS_PER_SECOND,
	};
	io_uring_prep_timeout(sqe, duration, command->length, command->flags);
}

/* Operations that name files by path or slot; returns what goes above the cookie. */
static uint64_t prepare_name(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	uint32_t slot = command->file;
	if (command->op == OP_CLOSE) {
		io_uring_prep_close_direct(sqe, slot);
		return CLOSES | (uint64_t)slot << SLOT_SHIFT;
	}
	const char *path = address(ring, command->buffer, command->buffer_offset);
	switch (command->op) {
	case OP_OPENAT:
		slot = ring_reserve_file(ring);
		io_uring_prep_openat_direct(sqe, command->file, path, command->flags, command->argument, slot);
		return OPENS | (uint64_t)slot << SLOT_SHIFT;
	case OP_STATX:
		io_uring_prep_statx(sqe, command->file, path, command->flags, command->second_argument,
				    address(ring, command->buffer, command->argument));
		break;
	case OP_UNLINKAT:
		io_uring_prep_unlinkat(sqe, command->file, path, command->flags);
		break;
	case OP_RENAMEAT:
		io_uring_prep_renameat(sqe, command->file, path, command->new_directory,
				       address(ring, command->buffer, command->argument), command->flags);
		break;
	}
	return 0;
}

void ring_prepare(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	unsigned fixed_file = IOSQE_FIXED_FILE;
	uint64_t above_cookie = 0;
	switch (command->op) {
	case OP_NOP:
		io_uring_prep_nop(sqe);
		fixed_file = 0;
		break;
	case OP_READ:
	case OP_WRITE:
		prepare_transfer(ring, command, sqe);
		break;
	case OP_READV:
	case OP_WRITEV:
		prepare_vectors(ring, command, sqe);
		break;
	case OP_FSYNC:
	case OP_FDATASYNC:
		io_uring_prep_fsync(sqe, command->file, command->op == OP_FDATASYNC ? IORING_FSYNC_DATASYNC : 0);
		break;
	case OP_FALLOCATE:
		io_uring_prep_fallocate(sqe, command->file, command->flags, command->file_offset, command->argument);
		break;
	case OP_TIMEOUT:
		prepare_timeout(ring, command, sqe);
		fixed_file = 0;
		break;
	case OP_CANCEL:
		io_uring_prep_cancel64(sqe, (uint32_t)command->length, command->flags);
		fixed_file = 0;
		break;
	default:
		above_cookie = prepare_name(ring, command, sqe);
		fixed_file = 0;
	}
	sqe->flags = command->sqe_flags | fixed_file;
	sqe->user_data = above_cookie | (uint32_t)command->cookie;
}

int ring_settle(struct ring *ring, uint64_t user_data, int result)
{
	uint32_t slot = (user_data & ~(OPENS | CLOSES)) >> SLOT_SHIFT;
	if (user_data & OPENS) {
		ring_set_file(ring, slot, result < 0 ? FILE_NONE : FILE_OPEN);
		return result < 0 ? result : (int)slot;
	}
	if ((user_data & CLOSES) && result >= 0)
		ring_set_file(ring, slot, FILE_NONE);
	return result;
}
