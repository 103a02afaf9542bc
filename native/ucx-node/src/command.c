/* Takes what JavaScript wrote into the command ring and hands it to UCX. Every number in a command is checked here:
 * a wrong one gives a completion with UCS_ERR_INVALID_PARAM, never a stray access. */
#include <string.h>

#include "worker.h"

static ucp_request_param_t request_param(struct operation *operation)
{
	return (ucp_request_param_t){
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_MEMORY_TYPE,
		.cb.send = operation_on_complete,
		.user_data = operation,
		.memory_type = UCS_MEMORY_TYPE_HOST,
	};
}

static void start_send(struct worker *worker, struct endpoint *endpoint, const struct command *command)
{
	uint8_t *payload = NULL;
	size_t payload_bytes = 0;
	if (command->region >= 0) {
		payload = region_range(worker, command->region, command->offset, command->length);
		payload_bytes = payload ? (size_t)command->length : 0;
	}
	if ((command->region >= 0 && !payload) || (uint32_t)command->header_bytes > HEADER_BYTES_MAX ||
	    (uint32_t)command->am_id > UINT16_MAX) {
		event_complete(worker, command->endpoint, command->cookie, UCS_ERR_INVALID_PARAM);
		return;
	}
	struct operation *operation = operation_new(worker, endpoint, command);
	memcpy(operation->header, command->header, sizeof operation->header);
	ucp_request_param_t param = request_param(operation);
	param.op_attr_mask |= UCP_OP_ATTR_FIELD_FLAGS;
	param.flags = payload_bytes <= worker->eager_bytes ? UCP_AM_SEND_FLAG_EAGER : UCP_AM_SEND_FLAG_RNDV;
	if (payload_bytes > worker->eager_bytes) {
		param.op_attr_mask |= UCP_OP_ATTR_FIELD_MEMH;
		param.memh = worker->regions[command->region].memh;
	}
	operation_part(operation, ucp_am_send_nbx(endpoint->ep, (unsigned)command->am_id, operation->header,
						  (size_t)command->header_bytes, payload, payload_bytes, &param));
}

static void start_put_or_get(struct worker *worker, struct endpoint *endpoint, const struct command *command)
{
	uint8_t *local = region_range(worker, command->region, command->offset, command->length);
	struct key *key = local && (uint32_t)command->key < (uint32_t)worker->key_count ? &worker->keys[command->key] : NULL;
	if (!key || key->endpoint != command->endpoint ||
	    !range_is_inside(command->remote_offset, command->length, key->bytes)) {
		event_complete(worker, command->endpoint, command->cookie, UCS_ERR_INVALID_PARAM);
		return;
	}
	struct operation *operation = operation_new(worker, endpoint, command);
	ucp_request_param_t param = request_param(operation);
	ucp_request_param_t transfer = param;
	transfer.op_attr_mask |= UCP_OP_ATTR_FIELD_MEMH;
	transfer.memh = worker->regions[command->region].memh;
	uint64_t remote = key->remote_base + (uint64_t)command->remote_offset;
	size_t bytes = (size_t)command->length;
	if (command->op == COMMAND_GET) {
		operation_part(operation, ucp_get_nbx(endpoint->ep, local, bytes, remote, key->rkey, &transfer));
		return;
	}
	/* UCX completes a put when the source may be reused; the flush tells that the peer can see the bytes. */
	operation->parts = 2;
	operation_part(operation, ucp_put_nbx(endpoint->ep, local, bytes, remote, key->rkey, &transfer));
	operation_part(operation, ucp_ep_flush_nbx(endpoint->ep, &param));
}

static void start_flush(struct worker *worker, struct endpoint *endpoint, const struct command *command)
{
	struct operation *operation = operation_new(worker, endpoint, command);
	ucp_request_param_t param = request_param(operation);
	operation_part(operation, ucp_ep_flush_nbx(endpoint->ep, &param));
}

static void take(struct worker *worker, const struct command *command)
{
	if (command->op == COMMAND_RECV) {
		descriptor_receive(worker, command);
		return;
	}
	if (command->op == COMMAND_DROP) {
		descriptor_drop(worker, command);
		return;
	}
	struct endpoint *endpoint = endpoint_at(worker, command->endpoint);
	if (!endpoint) {
		event_complete(worker, command->endpoint, command->cookie, UCS_ERR_INVALID_PARAM);
		return;
	}
	if (command->op == COMMAND_CLOSE) {
		endpoint_close(endpoint, command);
		return;
	}
	if (endpoint->state != ENDPOINT_OPEN) {
		event_complete(worker, command->endpoint, command->cookie, endpoint->status);
		return;
	}
	switch (command->op) {
	case COMMAND_SEND:
		start_send(worker, endpoint, command);
		return;
	case COMMAND_PUT:
	case COMMAND_GET:
		start_put_or_get(worker, endpoint, command);
		return;
	case COMMAND_FLUSH:
		start_flush(worker, endpoint, command);
		return;
	default:
		event_complete(worker, command->endpoint, command->cookie, UCS_ERR_INVALID_PARAM);
	}
}

bool commands_pending(const struct worker *worker)
{
	return worker->control[CONTROL_COMMAND_HEAD] != worker->control[CONTROL_COMMAND_TAIL];
}

void commands_take(struct worker *worker)
{
	uint32_t head = worker->control[CONTROL_COMMAND_HEAD];
	uint32_t tail = worker->control[CONTROL_COMMAND_TAIL];
	if (head - tail > worker->command_slots)
		tail = head - worker->command_slots; /* JavaScript overran the ring: the older records are gone */
	for (; tail != head; tail++)
		take(worker, &worker->commands[tail & (worker->command_slots - 1)]);
	worker->control[CONTROL_COMMAND_TAIL] = tail;
}
