#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ring_register_buffers(struct ring *ring, const struct iovec *buffers, uint32_t count)
{
	if (ring->buffers)
		return -EBUSY;
	int status = io_uring_register_buffers(&ring->uring, buffers, count);
	if (status < 0)
		return status;
	ring->buffers = malloc(count * sizeof *buffers);
	memcpy(ring->buffers, buffers, count * sizeof *buffers);
	ring->buffer_count = count;
	return 0;
}

int ring_register_file(struct ring *ring, int fd)
{
	for (uint32_t index = 0; index < ring->file_slots; index++) {
		if (ring->file_used[index])
			continue;
		int status = io_uring_register_files_update(&ring->uring, index, &fd, 1);
		if (status < 0)
			return status;
		ring->file_used[index] = true;
		return index;
	}
	return -ENFILE;
}

int ring_unregister_file(struct ring *ring, uint32_t index)
{
	int none = -1;
	if (index >= ring->file_slots || !ring->file_used[index])
		return -EBADF;
	int status = io_uring_register_files_update(&ring->uring, index, &none, 1);
	if (status < 0)
		return status;
	ring->file_used[index] = false;
	return 0;
}
