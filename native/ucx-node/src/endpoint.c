/* Endpoints: connect, failure, close. UCX's callbacks only note what happened; endpoints_settle acts on it between
 * progress calls, where closing an endpoint and destroying its keys is safe. An index is never used twice, so a
 * command that comes late cannot reach another peer. */
#include <stdlib.h>

#include "worker.h"

enum { CLOSE_LIMIT_MS = 1000 };

void endpoint_fail(struct endpoint *endpoint, ucs_status_t status)
{
	if (endpoint->state != ENDPOINT_OPEN && endpoint->state != ENDPOINT_DRAINING)
		return;
	if (endpoint->state == ENDPOINT_DRAINING)
		endpoint->close_status = status;
	endpoint->state = ENDPOINT_FAILED;
	endpoint->status = status;
	endpoint->worker->unsettled_count++;
}

static void on_failure(void *endpoint, ucp_ep_h ep, ucs_status_t status)
{
	endpoint_fail(endpoint, status);
}

ucs_status_t endpoint_connect(struct worker *worker, const struct sealed_address *address, int32_t *index)
{
	struct endpoint *endpoint = must_realloc(NULL, sizeof *endpoint);
	*endpoint = (struct endpoint){.worker = worker, .index = worker->endpoint_count, .state = ENDPOINT_OPEN};
	ucp_ep_params_t params = {
		.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
			      UCP_EP_PARAM_FIELD_ERR_HANDLER,
		.address = (const ucp_address_t *)address->ucx,
		.err_mode = UCP_ERR_HANDLING_MODE_PEER,
		.err_handler = {.cb = on_failure, .arg = endpoint},
	};
	ucs_status_t status = ucp_ep_create(worker->ucp, &params, &endpoint->ep);
	if (status != UCS_OK) {
		free(endpoint);
		return status;
	}
	worker->endpoints = must_realloc(worker->endpoints,
					 (size_t)(worker->endpoint_count + 1) * sizeof *worker->endpoints);
	worker->endpoints[worker->endpoint_count++] = endpoint;
	*index = endpoint->index;
	liveness_watch(endpoint, &address->process);
	return UCS_OK;
}

struct endpoint *endpoint_at(struct worker *worker, int32_t index)
{
	return index >= 0 && index < worker->endpoint_count ? worker->endpoints[index] : NULL;
}

static void end(struct endpoint *endpoint, ucs_status_t status)
{
	endpoint->state = ENDPOINT_ENDED;
	if (endpoint->close_status == UCS_OK)
		endpoint->close_status = status;
	endpoint->worker->unsettled_count++;
}

static void on_closed(void *request, ucs_status_t status, void *endpoint)
{
	end(endpoint, status);
	ucp_request_free(request);
}

/* Always by force: a flushing ucp_ep_close_nbx never ends when the peer dies before it has answered a rendezvous
 * (UCX 1.13.1), and can neither fail nor be forced afterwards. What has to leave first leaves in ENDPOINT_DRAINING. */
static void start_close(struct endpoint *endpoint)
{
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_FLAGS,
		.flags = UCP_EP_CLOSE_FLAG_FORCE,
		.cb.send = on_closed,
		.user_data = endpoint,
	};
	endpoint->state = ENDPOINT_CLOSING;
	ucs_status_ptr_t request = ucp_ep_close_nbx(endpoint->ep, &param);
	if (!UCS_PTR_IS_PTR(request))
		end(endpoint, UCS_PTR_STATUS(request));
}

static void check_drained(struct endpoint *endpoint)
{
	if (endpoint->state != ENDPOINT_DRAINING || !endpoint->flushed || endpoint->in_flight > 0)
		return;
	endpoint->state = ENDPOINT_DRAINED;
	endpoint->worker->unsettled_count++;
}

void endpoint_operation_done(struct endpoint *endpoint)
{
	endpoint->in_flight--;
	check_drained(endpoint);
}

/* A flush that fails may tell before the failure handler does. */
static void flushed(struct endpoint *endpoint, ucs_status_t status)
{
	if (status != UCS_OK)
		endpoint_fail(endpoint, status);
	endpoint->flushed = true;
	check_drained(endpoint);
}

static void on_flushed(void *request, ucs_status_t status, void *endpoint)
{
	flushed(endpoint, status);
	ucp_request_free(request);
}

static void start_drain(struct endpoint *endpoint)
{
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA,
		.cb.send = on_flushed,
		.user_data = endpoint,
	};
	endpoint->state = ENDPOINT_DRAINING;
	ucs_status_ptr_t request = ucp_ep_flush_nbx(endpoint->ep, &param);
	if (!UCS_PTR_IS_PTR(request))
		flushed(endpoint, UCS_PTR_STATUS(request));
}

void endpoint_close(struct endpoint *endpoint, const struct command *command)
{
	struct worker *worker = endpoint->worker;
	bool force = command->flags & CLOSE_FORCE;
	if (endpoint->close_commanded) {
		if (force && endpoint->state == ENDPOINT_DRAINING)
			start_close(endpoint);
		event_complete(worker, endpoint->index, command->cookie, UCS_ERR_NOT_CONNECTED);
		return;
	}
	endpoint->close_commanded = true;
	endpoint->close_cookie = command->cookie;
	if (endpoint->state == ENDPOINT_OPEN) {
		endpoint->status = UCS_ERR_NOT_CONNECTED;
		if (force)
			start_close(endpoint);
		else
			start_drain(endpoint);
	} else if (endpoint->state == ENDPOINT_CLOSED) {
		end(endpoint, UCS_OK); /* it failed and we closed it; this command gives its keys back */
	}
}

static void settle(struct endpoint *endpoint)
{
	struct worker *worker = endpoint->worker;
	if (endpoint->state == ENDPOINT_DRAINED || endpoint->state == ENDPOINT_FAILED) {
		worker->unsettled_count--;
		if (endpoint->state == ENDPOINT_FAILED)
			event_endpoint_failed(worker, endpoint->index, endpoint->status);
		start_close(endpoint);
	}
	if (endpoint->state == ENDPOINT_ENDED) {
		worker->unsettled_count--;
		endpoint->state = ENDPOINT_CLOSED;
		if (endpoint->close_commanded) {
			keys_release_of(worker, endpoint->index);
			event_complete(worker, endpoint->index, endpoint->close_cookie, endpoint->close_status);
		}
	}
}

void endpoints_settle(struct worker *worker)
{
	for (int32_t i = 0; worker->unsettled_count > 0 && i < worker->endpoint_count; i++)
		settle(worker->endpoints[i]);
}

static bool all_closed(struct worker *worker)
{
	for (int32_t i = 0; i < worker->endpoint_count; i++)
		if (worker->endpoints[i]->state != ENDPOINT_CLOSED)
			return false;
	return true;
}

void endpoints_destroy(struct worker *worker)
{
	for (int32_t i = 0; i < worker->endpoint_count; i++)
		if (worker->endpoints[i]->state == ENDPOINT_OPEN || worker->endpoints[i]->state == ENDPOINT_DRAINING)
			start_close(worker->endpoints[i]);
	endpoints_settle(worker);
	int64_t deadline_ms = now_ms() + CLOSE_LIMIT_MS;
	while (!all_closed(worker) && now_ms() < deadline_ms) {
		ucp_worker_progress(worker->ucp);
		endpoints_settle(worker);
	}
}

void endpoints_free(struct worker *worker)
{
	for (int32_t i = 0; i < worker->endpoint_count; i++)
		free(worker->endpoints[i]);
	free(worker->endpoints);
	worker->endpoints = NULL;
	worker->endpoint_count = 0;
}
