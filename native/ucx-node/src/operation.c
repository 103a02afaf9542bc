/* Commands in flight. They come from blocks that are never given back before close, so that a busy worker does not
 * allocate; UCX's callbacks carry the operation's address. */
#include <stdlib.h>
#include <string.h>

#include "worker.h"

enum { OPERATIONS_PER_BLOCK = 256 };

static void add_block(struct worker *worker)
{
	struct operation *block = must_realloc(NULL, OPERATIONS_PER_BLOCK * sizeof *block);
	worker->operation_blocks = must_realloc(worker->operation_blocks, (worker->operation_block_count + 1) *
										  sizeof *worker->operation_blocks);
	worker->operation_blocks[worker->operation_block_count++] = block;
	for (int i = 0; i < OPERATIONS_PER_BLOCK; i++) {
		block[i].worker = worker;
		block[i].next_free = i + 1 < OPERATIONS_PER_BLOCK ? &block[i + 1] : NULL;
	}
	worker->free_operations = block;
}

struct operation *operation_new(struct worker *worker, struct endpoint *endpoint, const struct command *command)
{
	if (!worker->free_operations)
		add_block(worker);
	struct operation *operation = worker->free_operations;
	worker->free_operations = operation->next_free;
	operation->endpoint = endpoint;
	if (endpoint)
		endpoint->in_flight++;
	operation->cookie = command->cookie;
	operation->parts = 1;
	operation->status = UCS_OK;
	return operation;
}

void operation_part_done(struct operation *operation, ucs_status_t status)
{
	struct worker *worker = operation->worker;
	if (operation->status == UCS_OK)
		operation->status = status;
	if (--operation->parts > 0)
		return;
	if (operation->endpoint) {
		event_complete(worker, operation->endpoint->index, operation->cookie, operation->status);
		endpoint_operation_done(operation->endpoint);
	} else {
		event_received(worker, operation->am_id, operation->descriptor, operation->cookie, operation->status,
			       operation->length);
	}
	operation->next_free = worker->free_operations;
	worker->free_operations = operation;
}

/* What a ucp_*_nbx call returned: done, failed, or a request whose callback will tell. */
void operation_part(struct operation *operation, ucs_status_ptr_t request)
{
	if (!UCS_PTR_IS_PTR(request))
		operation_part_done(operation, UCS_PTR_STATUS(request));
}

void operation_on_complete(void *request, ucs_status_t status, void *operation)
{
	operation_part_done(operation, status);
	ucp_request_free(request);
}

void operation_on_receive(void *request, ucs_status_t status, size_t length, void *operation)
{
	operation_on_complete(request, status, operation);
}

void operations_destroy(struct worker *worker)
{
	for (size_t i = 0; i < worker->operation_block_count; i++)
		free(worker->operation_blocks[i]);
	free(worker->operation_blocks);
	worker->operation_blocks = NULL;
	worker->operation_block_count = 0;
	worker->free_operations = NULL;
}
