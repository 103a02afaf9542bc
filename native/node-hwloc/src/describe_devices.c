/* The devices that the operating system has names for, and what is close to each. */
#include "node_hwloc.h"

static const char *kind_of(hwloc_obj_osdev_type_t type)
{
	switch (type) {
	case HWLOC_OBJ_OSDEV_BLOCK: return "block";
	case HWLOC_OBJ_OSDEV_GPU: return "gpu";
	case HWLOC_OBJ_OSDEV_NETWORK: return "network";
	case HWLOC_OBJ_OSDEV_OPENFABRICS: return "openfabrics";
	case HWLOC_OBJ_OSDEV_DMA: return "dma";
	case HWLOC_OBJ_OSDEV_COPROC: return "coprocessor";
	default: return "other";
	}
}

napi_value describe_os_devices(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t device = NULL;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((device = hwloc_get_next_osdev(topology, device))) {
		hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(topology, device);

		AK_TRY(env, napi_create_object(env, &out));
		put_text(env, out, "name", device->name);
		put_text(env, out, "kind", kind_of(device->attr->osdev.type));
		put_home_nodes(env, topology, out, near->cpuset);
		put_set(env, out, "localCpus", near->cpuset);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}
