/* One pump: the sources that it polls, its phases (spin, yield, sleep) and its libuv handles.
 *
 *   addon.c       Node-API surface: arguments, objects, references
 *   poll.c        poll(): what JavaScript calls in its loop
 *   loop.c        libuv: when JavaScript runs, when the process sleeps, what wakes it
 *   checkpoint.c  V8's microtask checkpoint from plain C
 */
#ifndef PUMP_H
#define PUMP_H

#include <poll_source.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <uv.h>

/* Indices of the statistics that JavaScript sees; STAT in index.js has the same order. */
enum pump_stat {
	STAT_BATCHES,
	STAT_EMPTY_POLLS,
	STAT_SLICES,
	STAT_SLEEPS,
	STAT_WAKES,
	STAT_YIELDS,
	STAT_NS_IN_NATIVE,
	STAT_NS_WAITING,
	STAT_NS_IN_DRAIN,
	STAT_NS_ASLEEP,
	STAT_COUNT,
};

struct pump;

/* A source, and the handle that watches it while the process sleeps (unused if it has no fd). The handle watches a
 * duplicate of the source's fd: libuv forgets a watched number only when the handle closes, which may be after the
 * source closed its own and somebody else got the number. */
struct pump_source {
	struct poll_source *source;
	struct pump *pump;
	int fd; /* -1: the source cannot wake us */
	uv_poll_t watch;
};

struct pump {
	/* Owners of this memory: the JavaScript object, the statistics' ArrayBuffer, the libuv handles. */
	int owners;
	bool running;
	bool asleep;
	/* Whether poll() gave JavaScript events, and the time until its next call is the drain's. */
	bool draining;
	/* Whether poll() runs the microtasks; otherwise JavaScript does. */
	bool runs_microtasks;
	int64_t slice_ns, spin_ns, yield_ns;
	int64_t slice_end;
	/* No event since then; after quiet_budget_ns more the process sleeps. */
	int64_t quiet_since;
	int64_t quiet_budget_ns;
	int64_t drain_start;
	int64_t sleep_start;
	double stats[STAT_COUNT];

	/* Runs one slice of JavaScript. */
	void (*slice)(struct pump *);
	/* What addon.c keeps beside; from malloc, freed with the pump. */
	void *host;

	uv_loop_t *loop;
	uv_idle_t idle;       /* active while awake: each turn of the loop runs a slice */
	uv_prepare_t prepare; /* active while running: sees commands written by timers and sockets */
	uv_timer_t nap;       /* bounds the sleep when a source has no fd */
	int open_handles;
	void (*closed)(struct pump *);
	uint32_t source_count;
	struct pump_source sources[];
};

static inline int64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* Drops one owner and frees the pump with the last. */
void pump_release(struct pump *pump);

/* > 0: events. < 0: events, and the slice is over. 0: none, and the slice is over. Spins meanwhile. */
int pump_poll(struct pump *pump);

/* Restarts the quiet clock: at most `budget_ns` without an event until the process sleeps. */
void pump_begin_quiet(struct pump *pump, int64_t now, int64_t budget_ns);

/* 0 or a negative libuv error; on error nothing stays open but what pump_close then closes. */
int pump_open(struct pump *pump);
void pump_start(struct pump *pump);
void pump_stop(struct pump *pump);
/* Ends a sleep, if there is one: commands were written. */
void pump_poke(struct pump *pump);
void pump_keep_alive(struct pump *pump, bool keep);
/* Stops, closes the handles, and calls `closed` from the loop when the last one is closed. Once only. */
void pump_close(struct pump *pump, void (*closed)(struct pump *));

/* Whether this binary of Node exports what run_microtasks needs. */
bool can_run_microtasks(void);
void run_microtasks(void);

#endif
