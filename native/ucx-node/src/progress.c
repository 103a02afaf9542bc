/* The poll source: how an event pump, or JavaScript itself, drives the worker. */
#include "worker.h"

/* One progress call takes a bounded batch from each transport; a few of them per poll drain a burst, and the bound
 * keeps one busy worker from starving the other sources of the pump. */
enum { PROGRESS_ROUNDS_MAX = 8 };

int progress_poll(struct worker *worker)
{
	commands_take(worker);
	/* While JavaScript does not consume, nothing is taken from UCX either: its own flow control then holds the
	 * peers back, instead of our backlog growing. */
	for (int round = 0; round < PROGRESS_ROUNDS_MAX && events_have_room(worker); round++)
		if (ucp_worker_progress(worker->ucp) == 0)
			break;
	if (worker->watched_count > 0)
		liveness_check(worker);
	if (worker->unsettled_count > 0)
		endpoints_settle(worker);
	events_flush(worker);
	return (int)events_unconsumed(worker);
}

/* Something that the next poll would do even if no peer wakes us. */
static bool has_work(struct worker *worker)
{
	return commands_pending(worker) || events_unconsumed(worker) > 0 || worker->unsettled_count > 0 ||
	       backlog_front(&worker->completions) || arrivals_deliverable(worker);
}

bool progress_arm(struct worker *worker)
{
	return !has_work(worker) && ucp_worker_arm(worker->ucp) == UCS_OK;
}

static int source_poll(struct poll_source *source)
{
	struct worker *worker = source->state;
	return worker->open ? progress_poll(worker) : 0;
}

static int source_arm(struct poll_source *source)
{
	struct worker *worker = source->state;
	return worker->open ? !progress_arm(worker) : 0;
}

/* UCX's event fd is an epoll instance that needs no draining, and progress undoes ucp_worker_arm. */
static void source_woken(struct poll_source *source)
{
}

static int source_pending(struct poll_source *source)
{
	struct worker *worker = source->state;
	return worker->open && (commands_pending(worker) || arrivals_deliverable(worker));
}

void progress_source(struct worker *worker)
{
	worker->source = (struct poll_source){
		.abi = POLL_SOURCE_ABI,
		.fd = worker->event_fd,
		.poll = source_poll,
		.arm = source_arm,
		.woken = source_woken,
		.pending = source_pending,
		.state = worker,
	};
}
