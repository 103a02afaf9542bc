/* Taking commands from the shared ring: whole chains, and only as many as can complete. */
#include "ring.h"

#include <errno.h>

#define LINK_FLAGS (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)

static const struct command *command_at(const struct ring *ring, uint32_t counter)
{
	return &ring->commands[counter & (ring->command_slots - 1)];
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
	uint32_t opens = 0;
	bool bad = false;
	for (uint32_t i = 0; i < length && !bad; i++)
		bad = ring_check(ring, command_at(ring, first + i), &opens) < 0;
	if (!bad)
		return false;
	opens = 0;
	for (uint32_t i = 0; i < length; i++) {
		const struct command *command = command_at(ring, first + i);
		int status = ring_check(ring, command, &opens);
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
				ring_prepare(ring, command_at(ring, first + i), io_uring_get_sqe(&ring->uring));
			control->in_flight += length;
		}
		control->command_tail = first + length;
	}
	return io_uring_sq_ready(&ring->uring) > 0;
}
