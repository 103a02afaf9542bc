#include "ring.h"

#include <errno.h>
#include <stdlib.h>

uint32_t ring_pieces(size_t bytes)
{
	return (bytes + PIECE_BYTES - 1) / PIECE_BYTES;
}

int ring_register_buffers(struct ring *ring, const struct iovec *buffers, uint32_t count)
{
	if (ring->buffers)
		return ring->buffers_registered ? -EBUSY : -EEXIST;
	uint32_t piece_count = 0;
	for (uint32_t i = 0; i < count; i++)
		piece_count += ring_pieces(buffers[i].iov_len);
	struct iovec *pieces = malloc(piece_count * sizeof *pieces);
	struct buffer *ours = malloc(count * sizeof *ours);
	uint32_t piece = 0;
	for (uint32_t i = 0; i < count; i++) {
		ours[i] = (struct buffer){buffers[i].iov_base, buffers[i].iov_len, piece};
		for (size_t start = 0; start < ours[i].bytes; start += PIECE_BYTES) {
			size_t rest = ours[i].bytes - start;
			pieces[piece++] = (struct iovec){ours[i].data + start, rest < PIECE_BYTES ? rest : PIECE_BYTES};
		}
	}
	int status = io_uring_register_buffers(&ring->uring, pieces, piece_count);
	free(pieces);
	if (status < 0) {
		free(ours);
		return status;
	}
	ring->buffers = ours;
	ring->buffer_count = count;
	ring->buffers_registered = true;
	return 0;
}

int ring_add_buffer(struct ring *ring, const struct iovec *buffer)
{
	struct buffer *grown = realloc(ring->buffers, (ring->buffer_count + 1) * sizeof *grown);
	if (!grown)
		return -ENOMEM;
	grown[ring->buffer_count] = (struct buffer){buffer->iov_base, buffer->iov_len, NOT_PINNED};
	ring->buffers = grown;
	return (int)ring->buffer_count++;
}

void ring_set_file(struct ring *ring, uint32_t index, enum file_state state)
{
	ring->free_files += (state == FILE_NONE) - (ring->files[index] == FILE_NONE);
	ring->files[index] = state;
}

uint32_t ring_reserve_file(struct ring *ring)
{
	uint32_t index = 0;
	while (ring->files[index] != FILE_NONE)
		index++;
	ring_set_file(ring, index, FILE_OPENING);
	return index;
}

int ring_register_file(struct ring *ring, int fd)
{
	if (ring->free_files == 0)
		return -ENFILE;
	uint32_t index = ring_reserve_file(ring);
	int status = io_uring_register_files_update(&ring->uring, index, &fd, 1);
	ring_set_file(ring, index, status < 0 ? FILE_NONE : FILE_OPEN);
	return status < 0 ? status : (int)index;
}

int ring_update_file(struct ring *ring, uint32_t index, int fd)
{
	if (index >= ring->file_slots || ring->files[index] != FILE_OPEN)
		return -ENOENT;
	int status = io_uring_register_files_update(&ring->uring, index, &fd, 1);
	return status < 0 ? status : 0;
}

int ring_unregister_file(struct ring *ring, uint32_t index)
{
	int none = -1;
	if (index >= ring->file_slots || ring->files[index] != FILE_OPEN)
		return -EBADF;
	int status = io_uring_register_files_update(&ring->uring, index, &none, 1);
	if (status < 0)
		return status;
	ring_set_file(ring, index, FILE_NONE);
	return 0;
}
