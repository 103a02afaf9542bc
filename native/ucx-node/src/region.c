/* Registered memory of this process. Commands name a region and an offset, never an address. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker.h"

enum { HUGE_PAGE_BYTES = 2 << 20 };

/* Anonymous memory that starts on a huge page, so that the kernel can back all of it with huge pages. */
static uint8_t *map_huge(size_t mapped_bytes)
{
	uint8_t *raw = mmap(NULL, mapped_bytes + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (raw == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)raw & (HUGE_PAGE_BYTES - 1);
	if (before)
		munmap(raw, before);
	munmap(raw + before + mapped_bytes, HUGE_PAGE_BYTES - before);
	madvise(raw + before, mapped_bytes, MADV_HUGEPAGE); /* a kernel without huge pages serves small ones */
	return raw + before;
}

static size_t round_up(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static int32_t region_add(struct worker *worker, const struct region *region)
{
	worker->regions = must_realloc(worker->regions, (size_t)(worker->region_count + 1) * sizeof *worker->regions);
	worker->regions[worker->region_count] = *region;
	return worker->region_count++;
}

ucs_status_t region_allocate(struct worker *worker, bool shared, size_t bytes, int32_t *index)
{
	struct region region = {.bytes = bytes};
	size_t mapped_bytes = round_up(bytes, (size_t)sysconf(_SC_PAGESIZE));
	ucp_mem_map_params_t params = {.field_mask = UCP_MEM_MAP_PARAM_FIELD_LENGTH, .length = mapped_bytes};
	if (shared) {
		params.field_mask |= UCP_MEM_MAP_PARAM_FIELD_FLAGS;
		params.flags = UCP_MEM_MAP_ALLOCATE;
	} else {
		region.base = map_huge(mapped_bytes);
		if (!region.base)
			return UCS_ERR_NO_MEMORY;
		region.mapped_bytes = mapped_bytes;
		params.field_mask |= UCP_MEM_MAP_PARAM_FIELD_ADDRESS;
		params.address = region.base;
	}
	ucs_status_t status = ucp_mem_map(worker->context, &params, &region.memh);
	if (status == UCS_OK && shared) {
		ucp_mem_attr_t attributes = {.field_mask = UCP_MEM_ATTR_FIELD_ADDRESS};
		status = ucp_mem_query(region.memh, &attributes);
		if (status == UCS_OK)
			region.base = attributes.address;
		else
			ucp_mem_unmap(worker->context, region.memh);
	}
	if (status != UCS_OK) {
		if (region.mapped_bytes)
			munmap(region.base, region.mapped_bytes);
		return status;
	}
	*index = region_add(worker, &region);
	return UCS_OK;
}

ucs_status_t region_register(struct worker *worker, void *memory, size_t bytes, napi_ref buffer, int32_t *index)
{
	struct region region = {.base = memory, .bytes = bytes, .given = true, .buffer = buffer};
	ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS | UCP_MEM_MAP_PARAM_FIELD_LENGTH,
		.address = memory,
		.length = bytes,
	};
	ucs_status_t status = ucp_mem_map(worker->context, &params, &region.memh);
	if (status == UCS_OK)
		*index = region_add(worker, &region);
	return status;
}

uint8_t *region_range(struct worker *worker, int32_t index, double offset, double length)
{
	if (index < 0 || index >= worker->region_count)
		return NULL;
	struct region *region = &worker->regions[index];
	return range_is_inside(offset, length, region->bytes) ? region->base + (size_t)offset : NULL;
}

void regions_destroy(struct worker *worker)
{
	for (int32_t i = 0; i < worker->region_count; i++) {
		struct region *region = &worker->regions[i];
		if (!region->given)
			binding_detach(worker, &region->buffer);
		ucp_mem_unmap(worker->context, region->memh);
		if (region->given)
			binding_release(worker, &region->buffer);
		if (region->mapped_bytes)
			munmap(region->base, region->mapped_bytes);
	}
	free(worker->regions);
	worker->regions = NULL;
	worker->region_count = 0;
}
