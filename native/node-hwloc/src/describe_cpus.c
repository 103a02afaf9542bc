/* The machine, its packages, dies, cores, hardware threads and last-level caches as plain data. */
#include "node_hwloc.h"

napi_value describe_machine(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t root = hwloc_get_root_obj(topology);
	napi_value out;
	napi_value live;

	AK_TRY(env, napi_create_object(env, &out));
	put_text(env, out, "hostName", hwloc_obj_get_info_by_name(root, "HostName"));
	put_text(env, out, "architecture", hwloc_obj_get_info_by_name(root, "Architecture"));
	put_text(env, out, "osName", hwloc_obj_get_info_by_name(root, "OSName"));
	put_text(env, out, "osRelease", hwloc_obj_get_info_by_name(root, "OSRelease"));
	put_text(env, out, "productName", hwloc_obj_get_info_by_name(root, "DMIProductName"));
	put_number(env, out, "memoryBytes", (double)root->total_memory);
	AK_TRY(env, napi_get_boolean(env, hwloc_topology_is_thissystem(topology) != 0, &live));
	put(env, out, "live", live);
	return out;
}

static void put_ancestor(napi_env env, hwloc_topology_t topology, napi_value object, const char *key,
			 hwloc_obj_type_t type, hwloc_obj_t of)
{
	hwloc_obj_t ancestor = hwloc_get_ancestor_obj_by_type(topology, type, of);

	if (ancestor)
		put_number(env, object, key, ancestor->logical_index);
}

napi_value describe_packages(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t package = NULL;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((package = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, package))) {
		AK_TRY(env, napi_create_object(env, &out));
		put_os_index(env, out, package);
		put_text(env, out, "cpuModel", hwloc_obj_get_info_by_name(package, "CPUModel"));
		put_set(env, out, "pus", package->cpuset);
		put_home_nodes(env, topology, out, package->cpuset);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}

napi_value describe_dies(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t die = NULL;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((die = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_DIE, die))) {
		AK_TRY(env, napi_create_object(env, &out));
		put_os_index(env, out, die);
		put_ancestor(env, topology, out, "package", HWLOC_OBJ_PACKAGE, die);
		put_set(env, out, "pus", die->cpuset);
		put_home_nodes(env, topology, out, die->cpuset);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}

napi_value describe_cores(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t core = NULL;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
		AK_TRY(env, napi_create_object(env, &out));
		put_os_index(env, out, core);
		put_ancestor(env, topology, out, "package", HWLOC_OBJ_PACKAGE, core);
		put_home_nodes(env, topology, out, core->cpuset);
		put_set(env, out, "pus", core->cpuset);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}

napi_value describe_pus(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t pu = NULL;
	hwloc_obj_t home;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu))) {
		AK_TRY(env, napi_create_object(env, &out));
		put_os_index(env, out, pu);
		put_ancestor(env, topology, out, "core", HWLOC_OBJ_CORE, pu);
		home = home_node_of(topology, pu);
		if (home)
			put_number(env, out, "numaNode", home->os_index);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}

napi_value describe_l3(napi_env env, hwloc_topology_t topology)
{
	hwloc_obj_t cache = NULL;
	uint32_t count = 0;
	napi_value list;
	napi_value out;

	AK_TRY(env, napi_create_array(env, &list));
	while ((cache = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_L3CACHE, cache))) {
		AK_TRY(env, napi_create_object(env, &out));
		put_number(env, out, "sizeBytes", (double)cache->attr->cache.size);
		put_set(env, out, "pus", cache->cpuset);
		AK_TRY(env, napi_set_element(env, list, count++, out));
	}
	return list;
}
