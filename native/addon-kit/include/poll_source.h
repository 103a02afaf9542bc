/* A poll source: what an addon gives to an event pump, as a napi External with the type tag below.
 * One thread owns the pump and all its sources; nothing here is called from another thread.
 * Pump and sources are separate addons that share nothing but this struct, so it only grows at its end
 * and POLL_SOURCE_ABI changes when it does. */
#ifndef POLL_SOURCE_H
#define POLL_SOURCE_H

#include <stdint.h>

#define POLL_SOURCE_ABI 1u

struct poll_source {
	uint32_t abi; /* POLL_SOURCE_ABI */
	/* Becomes readable when there is work while the source is armed; -1: the source cannot sleep. */
	int fd;
	/* Takes the commands that JavaScript wrote, makes progress without blocking, and returns the number of
	 * records in the event ring that JavaScript has not consumed (0: nothing to do for JavaScript). */
	int (*poll)(struct poll_source *self);
	/* Before sleep. 0: armed, `fd` will wake us. 1: there is work now, poll again instead. */
	int (*arm)(struct poll_source *self);
	/* After sleep, before the next poll: undo `arm`, drain `fd`. */
	void (*woken)(struct poll_source *self);
	/* Whether JavaScript has written commands that poll has not taken yet. */
	int (*pending)(struct poll_source *self);
	void *state;
};

/* napi_type_tag of the External: a stray object is refused instead of being called. */
#define POLL_SOURCE_TAG {0x706f6c6c2d736f75ull, 0x7263652d61626931ull}

#endif
