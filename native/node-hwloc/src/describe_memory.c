/* NUMA nodes and the distances between them as plain data. */
#include "node_hwloc.h"
#include <hwloc/distances.h>

/* hwloc lists a node without CPUs of its own (HBM, NVM, a GPU's memory) with the CPUs that are closest to it,
 * so several nodes can name one CPU. The kernel numbers the nodes that have CPUs first. */
hwloc_obj_t home_node_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL;
	hwloc_obj_t home = NULL;

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		if (!hwloc_bitmap_isset(node->cpuset, pu->os_index))
			continue;
		int wider = home ? hwloc_bitmap_weight(node->cpuset) - hwloc_bitmap_weight(home->cpuset) : -1;
		if (wider < 0 || (wider == 0 && node->os_index < home->os_index))
			home = node;
	}
	return home;
}

void put_home_nodes(napi_env env, hwloc_topology_t topology, napi_value object, hwloc_const_cpuset_t cpus)
{
	hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
	hwloc_obj_t pu = NULL;

	while ((pu = hwloc_get_next_obj_inside_cpuset_by_type(topology, cpus, HWLOC_OBJ_PU, pu))) {
		hwloc_obj_t home = home_node_of(topology, pu);
		if (home)
			hwloc_bitmap_set(nodes, home->os_index);
	}
	put_set(env, object, "numaNodes", nodes);
	hwloc_bitmap_free(nodes);
}

static napi_value describe_node(napi_env env, hwloc_topology_t topology, hwloc_obj_t node)
{
	hwloc_bitmap_t home = hwloc_bitmap_alloc();
	hwloc_obj_t pu = NULL;
	napi_value out;

	AK_TRY(env, napi_create_object(env, &out));
	put_os_index(env, out, node);
	put_text(env, out, "kind", node->subtype);
	put_number(env, out, "memoryBytes", (double)node->attr->numanode.local_memory);
	while ((pu = hwloc_get_next_obj_inside_cpuset_by_type(topology, node->cpuset, HWLOC_OBJ_PU, pu)))
		if (home_node_of(topology, pu) == node)
			hwloc_bitmap_set(home, pu->os_index);
	put_set(env, out, "cpus", home);
	put_set(env, out, "localCpus", node->cpuset);
	hwloc_bitmap_free(home);
	return out;
}

napi_value describe_numa_nodes(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t node = NULL;
	uint32_t count = 0;
	napi_value list;

	AK_TRY(env, napi_create_array(env, &list));
	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		napi_value out = describe_node(env, topology, node);
		if (!out)
			return NULL;
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}

static napi_value describe_matrix(napi_env env, const struct hwloc_distances_s *matrix)
{
	napi_value out;
	napi_value nodes;
	napi_value values;
	napi_value row;

	AK_TRY(env, napi_create_object(env, &out));
	AK_TRY(env, napi_create_array(env, &nodes));
	AK_TRY(env, napi_create_array(env, &values));
	for (uint32_t i = 0; i < matrix->nbobjs; i++) {
		AK_TRY(env, napi_set_element(env, nodes, i, ak_number(env, matrix->objs[i]->os_index)));
		AK_TRY(env, napi_create_array(env, &row));
		for (uint32_t j = 0; j < matrix->nbobjs; j++) {
			double value = (double)matrix->values[(size_t)i * matrix->nbobjs + j];
			AK_TRY(env, napi_set_element(env, row, j, ak_number(env, value)));
		}
		AK_TRY(env, napi_set_element(env, values, i, row));
	}
	put(env, out, "numaNodes", nodes);
	put(env, out, "values", values);
	return out;
}

napi_value describe_distances(napi_env env, hwloc_topology_t topology)
{
	struct hwloc_distances_s *matrix = NULL;
	unsigned found = 1;
	napi_value out;

	if (hwloc_distances_get_by_type(topology, HWLOC_OBJ_NUMANODE, &found, &matrix,
					HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) != 0 || found == 0)
		return NULL;
	out = describe_matrix(env, matrix);
	hwloc_distances_release(topology, matrix);
	return out;
}
