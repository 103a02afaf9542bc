/* Payloads that JavaScript has been told of and has not answered yet: rendezvous offers whose bytes are still at the
 * sender, and eager payloads too long for a landing slot. A descriptor ends with RECV or DROP, whatever their outcome. */
#include <stdlib.h>
#include <string.h>

#include "worker.h"

int32_t descriptor_new(struct worker *worker, int32_t am_id, enum descriptor_kind kind, void *data, size_t length)
{
	if (worker->free_descriptor < 0) {
		int32_t old = worker->descriptor_count, count = old ? old * 2 : 64;
		worker->descriptors = must_realloc(worker->descriptors, (size_t)count * sizeof *worker->descriptors);
		for (int32_t i = old; i < count; i++)
			worker->descriptors[i] = (struct descriptor){.next_free = i + 1 < count ? i + 1 : -1};
		worker->descriptor_count = count;
		worker->free_descriptor = old;
	}
	int32_t index = worker->free_descriptor;
	struct descriptor *descriptor = &worker->descriptors[index];
	worker->free_descriptor = descriptor->next_free;
	*descriptor = (struct descriptor){.data = data, .length = length, .kind = kind, .am_id = am_id};
	return index;
}

/* Copies the descriptor out and frees its index; false if the index names none. */
static bool take(struct worker *worker, int32_t index, struct descriptor *out)
{
	if (index < 0 || index >= worker->descriptor_count || worker->descriptors[index].kind == DESCRIPTOR_FREE)
		return false;
	*out = worker->descriptors[index];
	worker->descriptors[index] = (struct descriptor){.next_free = worker->free_descriptor};
	worker->free_descriptor = index;
	return true;
}

static void release(struct worker *worker, const struct descriptor *descriptor)
{
	if (descriptor->kind == DESCRIPTOR_COPY)
		free(descriptor->data);
	else
		ucp_am_data_release(worker->ucp, descriptor->data); /* a rendezvous: tells the sender that it is over */
}

void descriptor_receive(struct worker *worker, const struct command *command)
{
	struct descriptor descriptor;
	if (!take(worker, command->key, &descriptor)) {
		event_received(worker, -1, command->key, command->cookie, UCS_ERR_INVALID_PARAM, 0);
		return;
	}
	uint8_t *target = region_range(worker, command->region, command->offset, command->length);
	ucs_status_t status = !target                                           ? UCS_ERR_INVALID_PARAM
			      : command->length < (double)descriptor.length ? UCS_ERR_MESSAGE_TRUNCATED
									    : UCS_OK;
	if (status != UCS_OK || descriptor.kind != DESCRIPTOR_RENDEZVOUS) {
		if (status == UCS_OK)
			memcpy(target, descriptor.data, descriptor.length);
		release(worker, &descriptor);
		event_received(worker, descriptor.am_id, command->key, command->cookie, status,
			       (double)descriptor.length);
		return;
	}
	struct operation *operation = operation_new(worker, NULL, command);
	operation->am_id = descriptor.am_id;
	operation->descriptor = command->key;
	operation->length = (double)descriptor.length;
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA |
				UCP_OP_ATTR_FIELD_MEMORY_TYPE | UCP_OP_ATTR_FIELD_MEMH,
		.cb.recv_am = operation_on_receive,
		.user_data = operation,
		.memory_type = UCS_MEMORY_TYPE_HOST,
		.memh = worker->regions[command->region].memh,
	};
	operation_part(operation,
		       ucp_am_recv_data_nbx(worker->ucp, descriptor.data, target, descriptor.length, &param));
}

void descriptor_drop(struct worker *worker, const struct command *command)
{
	struct descriptor descriptor;
	bool known = take(worker, command->key, &descriptor);
	if (known)
		release(worker, &descriptor);
	event_complete(worker, -1, command->cookie, known ? UCS_OK : UCS_ERR_INVALID_PARAM);
}

void descriptors_destroy(struct worker *worker)
{
	struct descriptor descriptor;
	for (int32_t i = 0; i < worker->descriptor_count; i++)
		if (take(worker, i, &descriptor))
			release(worker, &descriptor);
	free(worker->descriptors);
	worker->descriptors = NULL;
	worker->descriptor_count = 0;
	worker->free_descriptor = -1;
}
