/* Kind, length and hash in front of the bytes that peers exchange, so that a truncated, damaged or mistaken blob is
 * refused here. It guards against accidents, not against an attacker. */
#include <string.h>

#include "worker.h"

struct seal {
	uint32_t kind;
	uint32_t bytes;
	uint64_t hash;
};
_Static_assert(sizeof(struct seal) == SEAL_BYTES, "the seal has a fixed size");

/* FNV-1a. */
uint64_t seal_hash(const void *content, size_t bytes)
{
	const uint8_t *at = content;
	uint64_t value = 0xcbf29ce484222325ull;
	for (size_t i = 0; i < bytes; i++)
		value = (value ^ at[i]) * 0x100000001b3ull;
	return value;
}

void seal_write(uint8_t out[SEAL_BYTES], enum seal_kind kind, const void *content, size_t bytes)
{
	struct seal seal = {.kind = kind, .bytes = (uint32_t)bytes, .hash = seal_hash(content, bytes)};
	memcpy(out, &seal, sizeof seal);
}

bool seal_check(const void *sealed, size_t bytes, enum seal_kind kind)
{
	struct seal seal;
	if (bytes <= sizeof seal)
		return false;
	memcpy(&seal, sealed, sizeof seal);
	size_t content_bytes = bytes - sizeof seal;
	return seal.kind == kind && seal.bytes == content_bytes &&
	       seal.hash == seal_hash((const uint8_t *)sealed + sizeof seal, content_bytes);
}
