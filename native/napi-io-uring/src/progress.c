#include "ring.h"

#include <stdatomic.h>
#include <unistd.h>

void ring_complete(struct ring *ring, int32_t cookie, int32_t result, uint32_t flags)
{
	struct control *control = ring->control;
	ring->completions[control->completion_head & (ring->completion_slots - 1)] =
		(struct completion){.cookie = cookie, .result = result, .flags = flags};
	control->completion_head++;
}

void ring_reap(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned head, count = 0;
	io_uring_for_each_cqe(&ring->uring, head, cqe) {
		/* Above the cookie there is something only for operations on the table of files. */
		int result = cqe->user_data >> 32 ? ring_settle(ring, cqe->user_data, cqe->res) : cqe->res;
		ring_complete(ring, (int32_t)cqe->user_data, result, cqe->flags);
		count++;
	}
	io_uring_cq_advance(&ring->uring, count);
	ring->control->in_flight -= count;
}

/* Completions that the kernel posts only when asked (DEFER_TASKRUN, COOP_TASKRUN). */
static bool kernel_has_work(const struct ring *ring)
{
	return IO_URING_READ_ONCE(*ring->uring.sq.kflags) & IORING_SQ_TASKRUN;
}

/* SQEs that the kernel takes only when it is called. Its own thread takes them (SQPOLL) by itself. */
static bool must_submit(const struct ring *ring)
{
	return !ring->mode.sq_poll && io_uring_sq_ready(&ring->uring) > 0;
}

/* What the kernel refuses for now (EAGAIN, EBUSY, EINTR) stays in the SQ for the next call. */
void ring_submit(struct ring *ring)
{
	while (ring_take_commands(ring)) {
		/* One system call for both, when completions wait as well. */
		int submitted = kernel_has_work(ring) ? io_uring_submit_and_get_events(&ring->uring)
						      : io_uring_submit(&ring->uring);
		if (submitted <= 0 || ring->mode.sq_poll)
			return;
	}
}

int ring_poll(struct ring *ring)
{
	if (!ring->open)
		return 0;
	struct control *control = ring->control;
	if (control->command_tail != control->command_head || must_submit(ring))
		ring_submit(ring);
	if (control->in_flight > 0) {
		/* With IOPOLL the device is asked, and nobody else will say anything. */
		if (kernel_has_work(ring) || ring->mode.io_poll)
			io_uring_get_events(&ring->uring);
		ring_reap(ring);
	}
	return ring_unconsumed(ring);
}

static int poll_source(struct poll_source *source)
{
	return ring_poll(source->state);
}

static int pending(struct poll_source *source)
{
	struct ring *ring = source->state;
	return ring->open && (ring_takeable(ring) > 0 || must_submit(ring));
}

/* Nothing is lost between the check and the sleep: what completes after the eventfd is on writes to it, and what
 * completed before shows in the flag or in the CQ. */
static int arm(struct poll_source *source)
{
	struct ring *ring = source->state;
	if (!ring->open)
		return 0;
	if (pending(source) || ring_unconsumed(ring) > 0)
		return 1;
	if (ring->mode.io_poll && ring->control->in_flight > 0)
		return 1;
	io_uring_cq_eventfd_toggle(&ring->uring, true);
	atomic_thread_fence(memory_order_seq_cst);
	if (!kernel_has_work(ring) && io_uring_cq_ready(&ring->uring) == 0)
		return 0;
	io_uring_cq_eventfd_toggle(&ring->uring, false);
	return 1;
}

static void woken(struct poll_source *source)
{
	struct ring *ring = source->state;
	uint64_t count;
	if (!ring->open)
		return;
	io_uring_cq_eventfd_toggle(&ring->uring, false);
	/* The count says nothing; an empty eventfd (another source woke us) answers EAGAIN, which is fine. */
	ssize_t ignored = read(ring->event_fd, &count, sizeof count);
	(void)ignored;
}

const struct poll_source ring_source = {
	.abi = POLL_SOURCE_ABI,
	.fd = -1,
	.poll = poll_source,
	.arm = arm,
	.woken = woken,
	.pending = pending,
};
