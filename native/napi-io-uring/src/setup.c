#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* Best first; a kernel that does not know a flag answers EINVAL. In the first two, completions do not interrupt the
 * thread (COOP, DEFER), and TASKRUN_FLAG shows without a system call that some wait. */
static const unsigned setups[] = {
	/* 6.1 */ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
	/* 5.19 */ IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
	0,
};

/* The kernel's thread submits (5.11 without privilege), so there is nobody whose interruption could be deferred. */
static const unsigned sq_poll_setups[] = {
	/* 5.18 */ IORING_SETUP_SQPOLL | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_SQPOLL,
};

#define SQ_POLL_IDLE_MS 2 /* until that thread sleeps, and costs a system call to wake */

struct ring *ring_new(uint32_t entries, uint32_t file_slots, struct ring_mode mode)
{
	struct ring *ring = calloc(1, sizeof *ring);
	ring->source = ring_source;
	ring->source.state = ring;
	ring->event_fd = -1;
	ring->mode = mode;
	ring->command_slots = entries;
	/* As many as the CQ has, so that whatever is taken has a place to complete to. */
	ring->completion_slots = 2 * entries;
	ring->file_slots = file_slots;
	ring->free_files = file_slots;
	ring->files = calloc(file_slots, sizeof *ring->files);
	ring->durations = calloc(entries, sizeof *ring->durations);
	size_t commands_bytes = ring->command_slots * sizeof *ring->commands;
	ring->rings_bytes = sizeof *ring->control + commands_bytes + ring->completion_slots * sizeof *ring->completions;
	ring->control = aligned_alloc(64, (ring->rings_bytes + 63) / 64 * 64);
	memset(ring->control, 0, ring->rings_bytes);
	ring->commands = (struct command *)(ring->control + 1);
	ring->completions = (struct completion *)(ring->commands + ring->command_slots);
	return ring;
}

static int init_uring(struct ring *ring)
{
	const unsigned *candidates = ring->mode.sq_poll ? sq_poll_setups : setups;
	size_t count = ring->mode.sq_poll ? sizeof sq_poll_setups / sizeof *setups : sizeof setups / sizeof *setups;
	int status = -EINVAL;
	for (size_t i = 0; i < count && status == -EINVAL; i++) {
		ring->setup_flags = candidates[i] | (ring->mode.io_poll ? IORING_SETUP_IOPOLL : 0);
		struct io_uring_params params = {.flags = ring->setup_flags, .sq_thread_idle = SQ_POLL_IDLE_MS};
		status = io_uring_queue_init_params(ring->command_slots, &ring->uring, &params);
	}
	return status;
}

/* A table of -1 is sparse on every kernel; io_uring_register_files_sparse needs 5.19. */
static int init_files(struct ring *ring)
{
	int *fds = malloc(ring->file_slots * sizeof *fds);
	memset(fds, -1, ring->file_slots * sizeof *fds);
	int status = io_uring_register_files(&ring->uring, fds, ring->file_slots);
	free(fds);
	return status;
}

int ring_open(struct ring *ring, const char **step)
{
	*step = "io_uring_setup";
	int status = init_uring(ring);
	if (status < 0)
		return status;
	ring->open = true;
	*step = "eventfd";
	ring->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ring->event_fd < 0)
		return -errno;
	ring->source.fd = ring->event_fd;
	/* The descriptor of a ring with DEFER_TASKRUN never becomes readable in an epoll set: an eventfd does. */
	*step = "io_uring_register_eventfd";
	status = io_uring_register_eventfd(&ring->uring, ring->event_fd);
	if (status < 0)
		return status;
	/* Nothing is written to it but between arm and woken. */
	io_uring_cq_eventfd_toggle(&ring->uring, false);
	*step = "io_uring_register_files";
	status = init_files(ring);
	if (status < 0)
		return status;
	/* Saves a reference count in every system call. Kernels before 5.18 have no such thing. */
	io_uring_register_ring_fd(&ring->uring);
	return 0;
}

const char *ring_open_hint(int status, char *text, size_t size)
{
	struct rlimit limit;
	char disabled[8] = "?";
	text[0] = '\0';
	switch (status) {
	case -ENOSYS:
		return "the kernel has no io_uring (Linux 5.1 or newer), or a container's seccomp profile hides it";
	case -EPERM: {
		FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "re");
		if (file) {
			if (fgets(disabled, sizeof disabled, file))
				disabled[strcspn(disabled, "\n")] = '\0';
			fclose(file);
		}
		snprintf(text, size, "sysctl kernel.io_uring_disabled is %s and must be 0 (1: for root only), or a "
			 "container's seccomp profile forbids io_uring", disabled);
		return text;
	}
	case -ENOMEM:
		getrlimit(RLIMIT_MEMLOCK, &limit);
		snprintf(text, size, "out of memory, or of RLIMIT_MEMLOCK (%llu KiB): raise `ulimit -l` or take fewer entries",
			 (unsigned long long)limit.rlim_cur / 1024);
		return text;
	case -EMFILE:
		getrlimit(RLIMIT_NOFILE, &limit);
		snprintf(text, size, "RLIMIT_NOFILE is %llu: raise `ulimit -n` or take fewer files",
			 (unsigned long long)limit.rlim_cur);
		return text;
	}
	return text;
}

/* The kernel writes into fixed buffers until the last operation ended, and they are freed after this. */
static void end_operations(struct ring *ring)
{
	struct io_uring_sync_cancel_reg cancel = {
		.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
		/* Not the bound of the wait, which follows, but of the kernel's search for what it can cancel. */
		.timeout = {.tv_nsec = 1000000},
	};
	/* Bounded, because an operation that waited for a drain or a link begins after the search that missed it. */
	struct __kernel_timespec wait = {.tv_nsec = 10000000};
	struct io_uring_cqe *cqe;
	while (ring->control->in_flight > 0) {
		io_uring_register_sync_cancel(&ring->uring, &cancel);
		int status = io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, &wait, NULL);
		if (status < 0 && status != -ETIME && status != -EINTR && status != -EAGAIN && status != -EBUSY)
			return;
		/* Nobody reads them any more: the room is theirs again. */
		ring->control->completion_tail = ring->control->completion_head;
		ring_reap(ring);
	}
}

void ring_close(struct ring *ring)
{
	if (!ring->open)
		return;
	end_operations(ring);
	ring->open = false;
	ring->control->completion_tail = ring->control->completion_head;
	/* The kernel tears a ring down later, in a worker: give the files and the locked memory back now. */
	io_uring_unregister_buffers(&ring->uring);
	io_uring_unregister_files(&ring->uring);
	io_uring_queue_exit(&ring->uring);
	if (ring->event_fd >= 0)
		close(ring->event_fd);
	/* The number may soon be another file's, and pumps may look at it after this. */
	ring->event_fd = -1;
	ring->source.fd = -1;
}

void ring_free(struct ring *ring)
{
	ring_close(ring);
	free(ring->control);
	free(ring->files);
	free(ring->durations);
	free(ring->vectors);
	free(ring->buffers);
	free(ring);
}
