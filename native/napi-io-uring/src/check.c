/* Whatever could reach memory or files that are not the ring's is refused here, with the number that the kernel would
 * give: the kernel itself never sees an index or an address that we have not checked. */
#include "ring.h"

#include <errno.h>
#include <linux/stat.h>

#define MAX_OFFSET 9007199254740992.0 /* 2^53: a double above it is not exact */
#define SQE_FLAGS (IOSQE_IO_DRAIN | IOSQE_IO_LINK | IOSQE_IO_HARDLINK | IOSQE_ASYNC)
/* Not those by which a command would complete more than once, or the kernel would read other fields. */
#define TIMEOUT_FLAGS (IORING_TIMEOUT_ABS | IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME)
#define CANCEL_FLAGS (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY)

/* Also false for NaN and for what is not an integer. */
static bool is_offset(double value)
{
	return value >= 0 && value <= MAX_OFFSET && value == (double)(int64_t)value;
}

static bool in_buffer(const struct ring *ring, int32_t buffer, double offset, double bytes)
{
	return (uint32_t)buffer < ring->buffer_count && is_offset(offset) &&
	       offset + bytes <= ring->buffers[buffer].bytes;
}

static int check_transfer(const struct ring *ring, const struct command *command)
{
	if (command->length < 0 || !is_offset(command->file_offset))
		return -EINVAL;
	return in_buffer(ring, command->buffer, command->buffer_offset, command->length) ? 0 : -EFAULT;
}

static int check_vectors(const struct ring *ring, const struct command *command)
{
	double total_bytes = 0;
	if (command->length < 1 || command->length > MAX_VECTORS || !is_offset(command->file_offset))
		return -EINVAL;
	if (!in_buffer(ring, command->buffer, command->buffer_offset, command->length * sizeof(struct vector)))
		return -EFAULT;
	/* Read as aligned records, here and in prepare.c. */
	const char *start = ring->buffers[command->buffer].data + (size_t)command->buffer_offset;
	if ((uintptr_t)start % _Alignof(struct vector) != 0)
		return -EINVAL;
	const struct vector *vectors = (const struct vector *)start;
	for (int32_t i = 0; i < command->length; i++) {
		if (vectors[i].bytes < 0)
			return -EINVAL;
		if (!in_buffer(ring, vectors[i].buffer, vectors[i].buffer_offset, vectors[i].bytes))
			return -EFAULT;
		total_bytes += vectors[i].bytes;
	}
	return total_bytes <= INT32_MAX ? 0 : -EINVAL;
}

/* A path lies in its buffer and ends with the NUL that its length counts. */
static int check_path(const struct ring *ring, int32_t buffer, double offset, double bytes)
{
	if (!is_offset(bytes) || bytes < 1)
		return -EINVAL;
	if (!in_buffer(ring, buffer, offset, bytes))
		return -EFAULT;
	return ring->buffers[buffer].data[(size_t)offset + (size_t)bytes - 1] == '\0' ? 0 : -EINVAL;
}

static int check_paths(const struct ring *ring, const struct command *command)
{
	int status = check_path(ring, command->buffer, command->buffer_offset, command->length);
	if (status < 0)
		return status;
	switch (command->op) {
	case OP_OPENAT:
		return command->argument >= 0 && command->argument <= 07777 && is_offset(command->argument) ? 0 : -EINVAL;
	case OP_STATX:
		if (!is_offset(command->second_argument) || command->second_argument > UINT32_MAX)
			return -EINVAL;
		return in_buffer(ring, command->buffer, command->argument, sizeof(struct statx)) ? 0 : -EFAULT;
	case OP_RENAMEAT:
		return check_path(ring, command->buffer, command->argument, command->second_argument);
	}
	return 0;
}

static int check_file(const struct ring *ring, const struct command *command)
{
	if ((uint32_t)command->file >= ring->file_slots || ring->files[command->file] != FILE_OPEN)
		return -EBADF;
	switch (command->op) {
	case OP_READ:
	case OP_WRITE:
		return check_transfer(ring, command);
	case OP_READV:
	case OP_WRITEV:
		return check_vectors(ring, command);
	case OP_FALLOCATE:
		return is_offset(command->file_offset) && is_offset(command->argument) ? 0 : -EINVAL;
	}
	return 0;
}

int ring_check(const struct ring *ring, const struct command *command, uint32_t *opens)
{
	int status;
	if (command->sqe_flags & ~SQE_FLAGS)
		return -EINVAL;
	switch (command->op) {
	case OP_NOP:
		return 0;
	case OP_OPENAT:
		status = check_paths(ring, command);
		return status < 0 || ++*opens <= ring->free_files ? status : -ENFILE;
	case OP_STATX:
	case OP_UNLINKAT:
	case OP_RENAMEAT:
		return check_paths(ring, command);
	case OP_TIMEOUT:
		return is_offset(command->argument) && command->length >= 0 && !(command->flags & ~TIMEOUT_FLAGS) ? 0 : -EINVAL;
	case OP_CANCEL:
		return command->flags & ~CANCEL_FLAGS ? -EINVAL : 0;
	}
	return (uint32_t)command->op < OP_COUNT ? check_file(ring, command) : -EINVAL;
}
