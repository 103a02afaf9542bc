/* A growing queue. It holds what the event ring cannot take, which is rare, so it starts empty and keeps its size. */
#include <stdlib.h>

#include "worker.h"

struct backlog_item *backlog_push(struct backlog *backlog)
{
	uint32_t count = backlog->tail - backlog->head;
	if (count == backlog->capacity) {
		uint32_t capacity = backlog->capacity ? backlog->capacity * 2 : 64;
		struct backlog_item *items = must_realloc(NULL, capacity * sizeof *items);
		for (uint32_t i = 0; i < count; i++)
			items[i] = backlog->items[(backlog->head + i) & (backlog->capacity - 1)];
		free(backlog->items);
		*backlog = (struct backlog){.items = items, .head = 0, .tail = count, .capacity = capacity};
	}
	return &backlog->items[backlog->tail++ & (backlog->capacity - 1)];
}

struct backlog_item *backlog_front(struct backlog *backlog)
{
	return backlog->head == backlog->tail ? NULL : &backlog->items[backlog->head & (backlog->capacity - 1)];
}

void backlog_pop(struct backlog *backlog)
{
	backlog->head++;
}

void backlog_destroy(struct backlog *backlog)
{
	free(backlog->items);
	*backlog = (struct backlog){0};
}
