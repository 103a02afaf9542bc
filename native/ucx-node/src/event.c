/* The event ring's writing end. No event is ever lost: what finds no room waits in a backlog. */
#include "worker.h"

uint32_t events_unconsumed(const struct worker *worker)
{
	return worker->control[CONTROL_EVENT_HEAD] - worker->control[CONTROL_EVENT_TAIL];
}

bool events_have_room(const struct worker *worker)
{
	return events_unconsumed(worker) < worker->event_slots;
}

/* The caller fills the record at once; JavaScript cannot look before we return to it. */
struct event *event_append(struct worker *worker)
{
	return &worker->events[worker->control[CONTROL_EVENT_HEAD]++ & (worker->event_slots - 1)];
}

/* A completion-side event: behind older ones, but never behind messages that wait for a landing slot. */
static void append_completion(struct worker *worker, const struct event *event)
{
	if (events_have_room(worker) && !backlog_front(&worker->completions))
		*event_append(worker) = *event;
	else
		*backlog_push(&worker->completions) = (struct backlog_item){.event = *event};
}

void event_complete(struct worker *worker, int32_t endpoint, int32_t cookie, ucs_status_t status)
{
	if (cookie < 0)
		return;
	append_completion(worker, &(struct event){.kind = EVENT_COMPLETED, .source = endpoint, .status = status,
						  .slot = -1, .descriptor = -1, .cookie = cookie});
}

void event_received(struct worker *worker, int32_t am_id, int32_t descriptor, int32_t cookie, ucs_status_t status,
		    double length)
{
	append_completion(worker, &(struct event){.kind = EVENT_RECEIVED, .source = am_id, .status = status, .slot = -1,
						  .descriptor = descriptor, .cookie = cookie, .length = length});
}

void event_endpoint_failed(struct worker *worker, int32_t endpoint, ucs_status_t status)
{
	append_completion(worker, &(struct event){.kind = EVENT_ENDPOINT_FAILED, .source = endpoint, .status = status,
						  .slot = -1, .descriptor = -1, .cookie = -1});
}

void events_flush(struct worker *worker)
{
	struct backlog_item *item;
	while ((item = backlog_front(&worker->completions)) && events_have_room(worker)) {
		*event_append(worker) = item->event;
		backlog_pop(&worker->completions);
	}
	arrivals_flush(worker);
}
