/* The layout of the memory that JavaScript and this addon share: one control page, the command ring, the event
 * ring. One thread writes and reads all of it, so there are no barriers; the counters run freely modulo 2^32. */
#ifndef RING_H
#define RING_H

#include <stdint.h>

enum { CONTROL_COMMAND_HEAD, CONTROL_COMMAND_TAIL, CONTROL_EVENT_HEAD, CONTROL_EVENT_TAIL };

enum {
	COMMAND_SEND = 1,
	COMMAND_RECV,
	COMMAND_DROP,
	COMMAND_PUT,
	COMMAND_GET,
	COMMAND_FLUSH,
	COMMAND_CLOSE,
};

enum {
	EVENT_MESSAGE = 1,
	EVENT_RENDEZVOUS,
	EVENT_RECEIVED,
	EVENT_COMPLETED,
	EVENT_ENDPOINT_FAILED,
};

enum {
	CONTROL_BYTES = 4096,
	RECORD_BYTES = 128,
	HEADER_BYTES_MAX = 64,
};

enum { CLOSE_FORCE = 1 }; /* command.flags of COMMAND_CLOSE */

struct command {
	int32_t op;
	int32_t endpoint;
	int32_t am_id;
	int32_t header_bytes;
	int32_t region; /* -1: no payload */
	int32_t flags;
	int32_t cookie; /* < 0: no COMPLETED event */
	int32_t key;    /* PUT, GET: key index; RECV, DROP: descriptor */
	double offset;
	double length;
	double remote_offset;
	double unused;
	uint8_t header[HEADER_BYTES_MAX];
};

struct event {
	int32_t kind;
	int32_t source; /* MESSAGE, RENDEZVOUS, RECEIVED: active message id; else: endpoint */
	int32_t header_bytes;
	int32_t status;
	int32_t slot; /* -1: no landing slot */
	int32_t descriptor;
	int32_t cookie;
	int32_t unused;
	double offset;
	double length;
	double unused2[2];
	uint8_t header[HEADER_BYTES_MAX];
};

_Static_assert(sizeof(struct command) == RECORD_BYTES, "JavaScript addresses commands by this stride");
_Static_assert(sizeof(struct event) == RECORD_BYTES, "JavaScript addresses events by this stride");

#endif
