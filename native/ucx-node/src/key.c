/* Remote keys: what lets a peer put into, get from or map a region of ours, and our handles on theirs.
 * A packed key is: seal, base address and bytes of the region, UCX's packed rkey. */
#include <stdlib.h>
#include <string.h>

#include "worker.h"

struct packed_key {
	uint8_t seal[SEAL_BYTES];
	uint64_t base;
	uint64_t bytes;
	uint8_t rkey[];
};

ucs_status_t key_pack(struct worker *worker, int32_t index, void **packed, size_t *bytes)
{
	struct region *region = &worker->regions[index];
	void *rkey;
	size_t rkey_bytes;
	ucs_status_t status = ucp_rkey_pack(worker->context, region->memh, &rkey, &rkey_bytes);
	if (status != UCS_OK)
		return status;
	*bytes = sizeof(struct packed_key) + rkey_bytes;
	struct packed_key *key = must_realloc(NULL, *bytes);
	key->base = (uintptr_t)region->base;
	key->bytes = region->bytes;
	memcpy(key->rkey, rkey, rkey_bytes);
	ucp_rkey_buffer_release(rkey);
	seal_write(key->seal, SEAL_KEY, &key->base, *bytes - SEAL_BYTES);
	*packed = key;
	return UCS_OK;
}

bool key_is_valid(const void *packed, size_t bytes)
{
	return bytes > sizeof(struct packed_key) && seal_check(packed, bytes, SEAL_KEY);
}

/* The packed key must be valid. */
ucs_status_t key_unpack(struct endpoint *endpoint, const void *packed, size_t bytes, int32_t *index)
{
	struct worker *worker = endpoint->worker;
	/* A copy, because JavaScript's view need not be aligned. */
	struct packed_key *copy = memcpy(must_realloc(NULL, bytes), packed, bytes);
	struct key key = {.remote_base = copy->base, .bytes = copy->bytes, .endpoint = endpoint->index};
	ucs_status_t status = ucp_ep_rkey_unpack(endpoint->ep, copy->rkey, &key.rkey);
	free(copy);
	if (status != UCS_OK)
		return status;
	worker->keys = must_realloc(worker->keys, (size_t)(worker->key_count + 1) * sizeof *worker->keys);
	*index = worker->key_count;
	worker->keys[worker->key_count++] = key;
	return UCS_OK;
}

static void release(struct worker *worker, struct key *key)
{
	binding_detach(worker, &key->buffer);
	if (key->rkey)
		ucp_rkey_destroy(key->rkey);
	*key = (struct key){.endpoint = -1};
}

/* An index is not used again: a command that names a released key fails on its endpoint number. */
void keys_release_of(struct worker *worker, int32_t endpoint)
{
	for (int32_t i = 0; i < worker->key_count; i++)
		if (worker->keys[i].endpoint == endpoint)
			release(worker, &worker->keys[i]);
}

void keys_destroy(struct worker *worker)
{
	for (int32_t i = 0; i < worker->key_count; i++)
		release(worker, &worker->keys[i]);
	free(worker->keys);
	worker->keys = NULL;
	worker->key_count = 0;
}
