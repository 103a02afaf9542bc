/* Command records into SQEs. Whatever could reach memory or files that are not the ring's is refused here, with the
 * number that the kernel would give: the kernel itself never sees an index that we have not checked. */
#include "ring.h"

#include <errno.h>

#define MAX_OFFSET 9007199254740992.0 /* 2^53: a double above it is not exact */
#define SQE_FLAGS (IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_ASYNC)
#define LINK_FLAGS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

static const struct command *command_at(const struct ring *ring, uint32_t counter)
{
	return &ring->commands[counter & (ring->command_slots - 1)];
}

/* Also false for NaN and for what is not an integer. */
static bool is_offset(double value)
{
	return value >= 0 && value <= MAX_OFFSET && value == (double)(int64_t)value;
}

static int check_transfer(const struct ring *ring, const struct command *command)
{
	if (command->length_bytes < 0 || !is_offset(command->file_offset))
		return -EINVAL;
	if ((uint32_t)command->buffer >= ring->buffer_count || !is_offset(command->buffer_offset) ||
	    command->buffer_offset + command->length_bytes > ring->buffers[command->buffer].iov_len)
		return -EFAULT;
	return 0;
}

/* 0, or the -errno with which the command completes without reaching the kernel. */
static int check(const struct ring *ring, const struct command *command)
{
	if ((uint32_t)command->op >= OP_COUNT || (command->sqe_flags & ~SQE_FLAGS))
		return -EINVAL;
	if (command->op == OP_NOP)
		return 0;
	if ((uint32_t)command->file >= ring->file_slots || !ring->file_used[command->file])
		return -EBADF;
	if (command->op == OP_READ || command->op == OP_WRITE)
		return check_transfer(ring, command);
	if (command->op == OP_FALLOCATE && (!is_offset(command->file_offset) || !is_offset(command->fallocate_bytes)))
		return -EINVAL;
	return 0;
}

static void prepare(struct ring *ring, const struct command *command, struct io_uring_sqe *sqe)
{
	switch (command->op) {
	case OP_NOP:
		io_uring_prep_nop(sqe);
		break;
	case OP_READ:
	case OP_WRITE: {
		void *data = ring->buffers[command->buffer].iov_base + (size_t)command->buffer_offset;
		if (command->op == OP_READ)
			io_uring_prep_read_fixed(sqe, command->file, data, command->length_bytes, command->file_offset,
						 command->buffer);
		else
			io_uring_prep_write_fixed(sqe, command->file, data, command->length_bytes, command->file_offset,
						  command->buffer);
		sqe->rw_flags = command->flags;
		break;
	}
	case OP_FSYNC:
	case OP_FDATASYNC:
		io_uring_prep_fsync(sqe, command->file, command->op == OP_FDATASYNC ? IORING_FSYNC_DATASYNC : 0);
		break;
	case OP_FALLOCATE:
		io_uring_prep_fallocate(sqe, command->file, command->flags, command->file_offset,
					command->fallocate_bytes);
		break;
	}
	sqe->flags = command->sqe_flags | (command->op == OP_NOP ? 0 : IOSQE_FIXED_FILE);
	sqe->user_data = (uint32_t)command->cookie;
}

/* Length of the chain of linked commands at the tail, 1 for a command without link, 0 if there is no command. */
static uint32_t chain_length(const struct ring *ring)
{
	uint32_t waiting = ring->control->command_head - ring->control->command_tail;
	/* More than the ring holds: JavaScript has overwritten commands. Stay inside of the ring. */
	if (waiting > ring->command_slots)
		waiting = ring->command_slots;
	for (uint32_t i = 0; i < waiting; i++)
		if (!(command_at(ring, ring->control->command_tail + i)->sqe_flags & LINK_FLAGS))
			return i + 1;
	return waiting;
}

uint32_t ring_takeable(const struct ring *ring)
{
	uint32_t length = chain_length(ring);
	uint32_t taken = ring->control->in_flight + ring_unconsumed(ring);
	return length <= ring->completion_slots - taken ? length : 0;
}

/* A chain with a bad command fails as in the kernel: that one with its error, the others cancelled. */
static bool refuse(struct ring *ring, uint32_t first, uint32_t length)
{
	bool bad = false;
	for (uint32_t i = 0; i < length && !bad; i++)
		bad = check(ring, command_at(ring, first + i)) < 0;
	if (!bad)
		return false;
	for (uint32_t i = 0; i < length; i++) {
		const struct command *command = command_at(ring, first + i);
		int status = check(ring, command);
		ring_complete(ring, command->cookie, status < 0 ? status : -ECANCELED, 0);
	}
	return true;
}

bool ring_take_commands(struct ring *ring)
{
	struct control *control = ring->control;
	uint32_t length;
	while ((length = ring_takeable(ring)) > 0) {
		uint32_t first = control->command_tail;
		if (!refuse(ring, first, length)) {
			/* A chain goes into one submission, or it is two chains. */
			if (io_uring_sq_space_left(&ring->uring) < length)
				break;
			for (uint32_t i = 0; i < length; i++)
				prepare(ring, command_at(ring, first + i), io_uring_get_sqe(&ring->uring));
			control->in_flight += length;
		}
		control->command_tail = first + length;
	}
	return io_uring_sq_ready(&ring->uring) > 0;
}
