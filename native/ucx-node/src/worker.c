/* Opens and closes what a Worker stands on: UCX context, UCX worker, message handlers, rings. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "worker.h"

/* Running out of memory for a few bookkeeping bytes cannot be reported through the rings; Node ends here as well. */
void *must_realloc(void *memory, size_t bytes)
{
	void *out = realloc(memory, bytes);
	if (!out) {
		fprintf(stderr, "ucx-node: out of memory (%zu bytes)\n", bytes);
		abort();
	}
	return out;
}

static bool open_rings(struct worker *worker)
{
	worker->rings_bytes = CONTROL_BYTES + ((size_t)worker->command_slots + worker->event_slots) * RECORD_BYTES;
	void *rings = mmap(NULL, worker->rings_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (rings == MAP_FAILED)
		return false;
	worker->rings = rings;
	worker->control = rings;
	worker->commands = (struct command *)(worker->rings + CONTROL_BYTES);
	worker->events = (struct event *)(worker->commands + worker->command_slots);
	return true;
}

static ucs_status_t open_context(struct worker *worker)
{
	ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES,
		.features = UCP_FEATURE_AM | UCP_FEATURE_RMA | UCP_FEATURE_WAKEUP,
	};
	ucp_config_t *config;
	ucs_status_t status = ucp_config_read(NULL, NULL, &config);
	if (status != UCS_OK)
		return status;
	status = ucp_init(&params, config, &worker->context);
	ucp_config_release(config);
	return status;
}

static ucs_status_t set_handlers(struct worker *worker)
{
	worker->handlers = must_realloc(NULL, (size_t)worker->am_ids * sizeof *worker->handlers);
	for (int32_t id = 0; id < worker->am_ids; id++) {
		worker->handlers[id] = (struct am_handler){.worker = worker, .am_id = id};
		ucp_am_handler_param_t param = {
			.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_FLAGS |
				      UCP_AM_HANDLER_PARAM_FIELD_CB | UCP_AM_HANDLER_PARAM_FIELD_ARG,
			.id = (unsigned)id,
			.flags = UCP_AM_FLAG_WHOLE_MSG,
			.cb = arrival_handler,
			.arg = &worker->handlers[id],
		};
		ucs_status_t status = ucp_worker_set_am_recv_handler(worker->ucp, &param);
		if (status != UCS_OK)
			return status;
	}
	return UCS_OK;
}

ucs_status_t worker_open(struct worker *worker, const struct worker_options *options, const char **failed_call)
{
	worker->command_slots = options->command_slots;
	worker->event_slots = options->event_slots;
	worker->am_ids = options->am_ids;
	worker->eager_bytes = options->eager_bytes;
	worker->free_descriptor = -1;
	worker->event_fd = -1;
	liveness_identify(&worker->process);
	*failed_call = "mmap of the rings";
	if (!open_rings(worker))
		return UCS_ERR_NO_MEMORY;
	*failed_call = "ucp_init";
	ucs_status_t status = open_context(worker);
	if (status != UCS_OK)
		return status;
	*failed_call = "ucp_worker_create";
	ucp_worker_params_t params = {
		.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
		.thread_mode = UCS_THREAD_MODE_SINGLE,
	};
	status = ucp_worker_create(worker->context, &params, &worker->ucp);
	if (status != UCS_OK)
		return status;
	*failed_call = "ucp_worker_set_am_recv_handler";
	status = set_handlers(worker);
	if (status != UCS_OK)
		return status;
	*failed_call = "ucp_worker_get_efd";
	status = ucp_worker_get_efd(worker->ucp, &worker->event_fd);
	if (status != UCS_OK)
		return status;
	progress_source(worker);
	worker->open = true;
	return UCS_OK;
}

/* In the order in which things depend on each other; also undoes a worker_open that failed halfway. */
void worker_close(struct worker *worker)
{
	worker->open = false;
	if (worker->ucp) {
		arrivals_destroy(worker);
		descriptors_destroy(worker);
		endpoints_destroy(worker);
		keys_destroy(worker);
		/* The bounded progress of the close may have brought more. */
		arrivals_destroy(worker);
		descriptors_destroy(worker);
		ucp_worker_destroy(worker->ucp);
		worker->ucp = NULL;
	}
	endpoints_free(worker);
	operations_destroy(worker);
	backlog_destroy(&worker->completions);
	free(worker->handlers);
	worker->handlers = NULL;
	if (worker->context) {
		binding_detach(worker, &worker->landing.stack_buffer);
		free(worker->landing.free_stack);
		worker->landing = (struct landing){0};
		regions_destroy(worker);
		ucp_cleanup(worker->context);
		worker->context = NULL;
	}
	if (worker->rings) {
		binding_detach(worker, &worker->rings_buffer);
		munmap(worker->rings, worker->rings_bytes);
		worker->rings = NULL;
	}
}

void worker_release(struct worker *worker)
{
	if (--worker->references == 0 && !worker->open)
		free(worker);
}
