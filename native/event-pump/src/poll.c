#include "pump.h"

#include <sched.h>

void pump_begin_quiet(struct pump *pump, int64_t now, int64_t budget_ns)
{
	pump->quiet_since = now;
	pump->quiet_budget_ns = budget_ns;
}

/* One pass over all sources; none is skipped because another one has events. */
static int poll_sources(struct pump *pump)
{
	int events = 0;
	for (uint32_t i = 0; i < pump->source_count; i++) {
		struct poll_source *source = pump->sources[i].source;
		events += source->poll(source);
	}
	return events;
}

/* Reads the clock once per pass. When events come after a wait, the time before the last pass stands for the
 * time after it: a round trip is spared a clock read, at an error of one pass. */
int pump_poll(struct pump *pump)
{
	double *stats = pump->stats;
	if (pump->draining && pump->runs_microtasks)
		run_microtasks();
	int64_t entered = now_ns();
	if (pump->draining) {
		pump->draining = false;
		stats[STAT_NS_IN_DRAIN] += entered - pump->drain_start;
		/* From here, not from the event: a long drain must not eat up the time that we wait for its answers. */
		pump_begin_quiet(pump, entered, pump->spin_ns + pump->yield_ns);
	}
	int64_t now = entered;
	while (pump->running) {
		int events = poll_sources(pump);
		if (events > 0) {
			if (now == entered) {
				now = now_ns();
				stats[STAT_NS_IN_NATIVE] += now - entered;
			} else {
				stats[STAT_NS_WAITING] += now - entered;
			}
			stats[STAT_BATCHES]++;
			pump->draining = true;
			pump->drain_start = now;
			return now < pump->slice_end ? events : -events;
		}
		stats[STAT_EMPTY_POLLS]++;
		now = now_ns();
		int64_t quiet = now - pump->quiet_since;
		if (now >= pump->slice_end || quiet >= pump->quiet_budget_ns)
			break;
		if (quiet >= pump->spin_ns) {
			stats[STAT_YIELDS]++;
			sched_yield();
		}
	}
	stats[STAT_NS_WAITING] += now - entered;
	return 0;
}
