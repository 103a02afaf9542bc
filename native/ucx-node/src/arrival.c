/* What peers send us: from UCX's active message callback to a MESSAGE or RENDEZVOUS event, in order of arrival.
 * An eager payload is copied once, from UCX's buffer into a landing slot; when none is free, the payload stays
 * where it is (in UCX's buffer if UCX lets us keep it) and later messages queue up behind it. */
#include <stdlib.h>
#include <string.h>

#include "worker.h"

static bool landing_has_slot(const struct landing *landing)
{
	return landing->free_stack[0] > 0;
}

/* JavaScript wrote the stack: a number that is no slot is skipped instead of being an address outside of the area. */
static int32_t landing_pop(struct landing *landing)
{
	while (landing_has_slot(landing)) {
		int32_t count = landing->free_stack[0];
		if (count > landing->slots)
			count = landing->slots;
		int32_t slot = landing->free_stack[count];
		landing->free_stack[0] = count - 1;
		if (slot >= 0 && slot < landing->slots)
			return slot;
	}
	return -1;
}

static void land(struct worker *worker, struct event *event, int32_t slot, const void *data)
{
	struct landing *landing = &worker->landing;
	size_t offset = (size_t)slot * landing->slot_bytes;
	memcpy(landing->base + offset, data, (size_t)event->length);
	event->slot = slot;
	event->offset = (double)(landing->offset + offset);
}

static void release(struct worker *worker, void *data, bool ucx_owns)
{
	if (ucx_owns)
		ucp_am_data_release(worker->ucp, data);
	else
		free(data);
}

/* Keeps an eager payload beyond the callback. */
static void *keep(void *data, size_t length, bool ucx_owns)
{
	return ucx_owns ? data : memcpy(must_realloc(NULL, length), data, length);
}

static void fill(struct event *event, int32_t kind, int32_t am_id, const void *header, size_t header_length,
		 size_t length)
{
	size_t header_bytes = header_length < HEADER_BYTES_MAX ? header_length : HEADER_BYTES_MAX;
	event->kind = kind;
	event->source = am_id;
	event->header_bytes = (int32_t)header_bytes;
	/* Only a peer that does not use this package can send a longer header. */
	event->status = header_length > HEADER_BYTES_MAX ? UCS_ERR_MESSAGE_TRUNCATED : UCS_OK;
	event->slot = -1;
	event->descriptor = -1;
	event->cookie = -1;
	event->offset = 0;
	event->length = (double)length;
	if (header_bytes > 0)
		memcpy(event->header, header, header_bytes);
}

static bool ring_is_next(struct worker *worker)
{
	return events_have_room(worker) && !backlog_front(&worker->arrivals) && !backlog_front(&worker->completions);
}

ucs_status_t arrival_handler(void *argument, const void *header, size_t header_length, void *data, size_t length,
			     const ucp_am_recv_param_t *param)
{
	const struct am_handler *handler = argument;
	struct worker *worker = handler->worker;
	bool rendezvous = param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV;
	bool ucx_owns = param->recv_attr & UCP_AM_RECV_ATTR_FLAG_DATA;
	bool lands = !rendezvous && length > 0 && length <= worker->landing.slot_bytes;
	bool described = rendezvous || (length > 0 && !lands);

	bool direct = ring_is_next(worker);
	int32_t slot = -1;
	if (direct && lands) {
		slot = landing_pop(&worker->landing);
		direct = slot >= 0;
	}

	struct backlog_item *item = direct ? NULL : backlog_push(&worker->arrivals);
	struct event *event = direct ? event_append(worker) : &item->event;
	fill(event, described ? EVENT_RENDEZVOUS : EVENT_MESSAGE, handler->am_id, header, header_length, length);
	if (item)
		item->data = NULL;

	if (rendezvous) {
		event->descriptor = descriptor_new(worker, handler->am_id, DESCRIPTOR_RENDEZVOUS, data, length);
		return UCS_INPROGRESS;
	}
	if (length == 0)
		return UCS_OK;
	if (slot >= 0) {
		land(worker, event, slot, data);
		return UCS_OK;
	}
	void *kept = keep(data, length, ucx_owns);
	if (described) {
		event->descriptor = descriptor_new(worker, handler->am_id,
						   ucx_owns ? DESCRIPTOR_UCX_DATA : DESCRIPTOR_COPY, kept, length);
	} else {
		item->data = kept;
		item->ucx_owns = ucx_owns;
	}
	return ucx_owns ? UCS_INPROGRESS : UCS_OK;
}

bool arrivals_deliverable(struct worker *worker)
{
	struct backlog_item *item = backlog_front(&worker->arrivals);
	return item && (!item->data || landing_has_slot(&worker->landing));
}

void arrivals_flush(struct worker *worker)
{
	struct backlog_item *item;
	while ((item = backlog_front(&worker->arrivals)) && events_have_room(worker) &&
	       !backlog_front(&worker->completions)) {
		if (item->data) {
			int32_t slot = landing_pop(&worker->landing);
			if (slot < 0)
				return;
			land(worker, &item->event, slot, item->data);
			release(worker, item->data, item->ucx_owns);
		}
		*event_append(worker) = item->event;
		backlog_pop(&worker->arrivals);
	}
}

void arrivals_destroy(struct worker *worker)
{
	for (struct backlog_item *item; (item = backlog_front(&worker->arrivals)); backlog_pop(&worker->arrivals))
		if (item->data)
			release(worker, item->data, item->ucx_owns);
	backlog_destroy(&worker->arrivals);
}
