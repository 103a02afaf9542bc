#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* How long the process sleeps at most when a source cannot wake it. */
#define NAP_MS 1

static void wake(struct pump *pump, int64_t quiet_budget_ns)
{
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct pump_source *entry = &pump->sources[i];
		if (entry->fd < 0)
			continue;
		uv_poll_stop(&entry->watch);
		entry->source->woken(entry->source);
	}
	uv_timer_stop(&pump->nap);
	int64_t now = now_ns();
	pump->stats[STAT_NS_ASLEEP] += now - pump->sleep_start;
	pump->asleep = false;
	pump_begin_quiet(pump, now, quiet_budget_ns);
}

static void run_slice(uv_idle_t *handle);

static void wake_and_run(struct pump *pump, int64_t quiet_budget_ns)
{
	wake(pump, quiet_budget_ns);
	uv_idle_start(&pump->idle, run_slice);
}

/* What woke us may need more than one pass before it is a record (part of a message): spin, but do not yield. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
	struct pump_source *entry = handle->data;
	if (!entry->pump->asleep)
		return;
	entry->pump->stats[STAT_WAKES]++;
	wake_and_run(entry->pump, entry->pump->spin_ns);
}

static void on_nap_over(uv_timer_t *handle)
{
	struct pump *pump = handle->data;
	if (pump->asleep)
		wake_and_run(pump, 0);
}

/* Runs right before libuv blocks: whatever a timer, a socket or a setImmediate wrote is seen here. */
static void on_prepare(uv_prepare_t *handle)
{
	struct pump *pump = handle->data;
	if (!pump->asleep)
		return;
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct poll_source *source = pump->sources[i].source;
		if (source->pending(source)) {
			pump_poke(pump);
			return;
		}
	}
}

/* Arms every source, or none if one of them has work. */
static bool arm_all(struct pump *pump)
{
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct pump_source *entry = &pump->sources[i];
		if (entry->fd < 0 || entry->source->arm(entry->source) == 0)
			continue;
		while (i-- > 0) {
			struct pump_source *armed = &pump->sources[i];
			if (armed->fd >= 0)
				armed->source->woken(armed->source);
		}
		return false;
	}
	return true;
}

static void fall_asleep(struct pump *pump)
{
	if (!arm_all(pump)) {
		pump_begin_quiet(pump, now_ns(), pump->spin_ns);
		return;
	}
	bool nap = false;
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct pump_source *entry = &pump->sources[i];
		/* When watching fails only the clock is left. */
		if (entry->fd < 0 || uv_poll_start(&entry->watch, UV_READABLE, on_readable) != 0)
			nap = true;
	}
	if (nap)
		uv_timer_start(&pump->nap, on_nap_over, NAP_MS, 0);
	uv_idle_stop(&pump->idle);
	pump->asleep = true;
	pump->sleep_start = now_ns();
	pump->stats[STAT_SLEEPS]++;
}

static void run_slice(uv_idle_t *handle)
{
	struct pump *pump = handle->data;
	pump->stats[STAT_SLICES]++;
	pump->draining = false;
	pump->slice_end = now_ns() + pump->slice_ns;
	pump->slice(pump);
	if (pump->draining) {
		/* The slice ended with a drain: its time ends here, after the microtasks and ticks that it left. */
		int64_t now = now_ns();
		pump->draining = false;
		pump->stats[STAT_NS_IN_DRAIN] += now - pump->drain_start;
		pump_begin_quiet(pump, now, pump->spin_ns + pump->yield_ns);
	} else if (pump->running && now_ns() - pump->quiet_since >= pump->quiet_budget_ns) {
		fall_asleep(pump);
	}
}

void pump_start(struct pump *pump)
{
	pump->running = true;
	pump_begin_quiet(pump, now_ns(), pump->spin_ns + pump->yield_ns);
	uv_idle_start(&pump->idle, run_slice);
	uv_prepare_start(&pump->prepare, on_prepare);
}

void pump_stop(struct pump *pump)
{
	if (pump->asleep)
		wake(pump, 0);
	pump->running = false;
	uv_idle_stop(&pump->idle);
	uv_prepare_stop(&pump->prepare);
}

void pump_poke(struct pump *pump)
{
	if (pump->asleep)
		wake_and_run(pump, pump->spin_ns + pump->yield_ns);
}

void pump_keep_alive(struct pump *pump, bool keep)
{
	void (*set)(uv_handle_t *) = keep ? uv_ref : uv_unref;
	set((uv_handle_t *)&pump->idle);
	set((uv_handle_t *)&pump->nap);
	for (uint32_t i = 0; i < pump->source_count; i++)
		if (pump->sources[i].fd >= 0)
			set((uv_handle_t *)&pump->sources[i].watch);
}

static void opened(struct pump *pump, uv_handle_t *handle, void *data)
{
	handle->data = data;
	pump->open_handles++;
}

int pump_open(struct pump *pump)
{
	uv_idle_init(pump->loop, &pump->idle);
	opened(pump, (uv_handle_t *)&pump->idle, pump);
	uv_prepare_init(pump->loop, &pump->prepare);
	opened(pump, (uv_handle_t *)&pump->prepare, pump);
	/* It only ever acts beside the other handles, which hold the loop. */
	uv_unref((uv_handle_t *)&pump->prepare);
	uv_timer_init(pump->loop, &pump->nap);
	opened(pump, (uv_handle_t *)&pump->nap, pump);
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct pump_source *entry = &pump->sources[i];
		entry->pump = pump;
		entry->fd = -1;
		if (entry->source->fd < 0)
			continue;
		int fd = fcntl(entry->source->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		int status = uv_poll_init(pump->loop, &entry->watch, fd);
		if (status < 0) {
			close(fd);
			return status;
		}
		entry->fd = fd;
		opened(pump, (uv_handle_t *)&entry->watch, entry);
	}
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct pump *pump = handle->data;
	if (handle->type == UV_POLL) {
		struct pump_source *entry = handle->data;
		pump = entry->pump;
		close(entry->fd);
	}
	if (--pump->open_handles == 0)
		pump->closed(pump);
}

void pump_close(struct pump *pump, void (*closed)(struct pump *))
{
	pump_stop(pump);
	pump->closed = closed;
	for (uint32_t i = 0; i < pump->source_count; i++)
		/* A handle that pump_open did not reach has no data. */
		if (pump->sources[i].watch.data)
			uv_close((uv_handle_t *)&pump->sources[i].watch, on_closed);
	uv_close((uv_handle_t *)&pump->nap, on_closed);
	uv_close((uv_handle_t *)&pump->prepare, on_closed);
	uv_close((uv_handle_t *)&pump->idle, on_closed);
}

void pump_release(struct pump *pump)
{
	if (--pump->owners > 0)
		return;
	free(pump->host);
	free(pump);
}
