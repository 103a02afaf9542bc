/* Binding of this process to CPUs and NUMA nodes, and where it is. */
#include "node_hwloc.h"
#include <errno.h>

/* hwloc binds through a topology. This one knows no devices and lives as long as the process. */
static hwloc_topology_t here(napi_env env)
{
	static hwloc_topology_t loaded;
	hwloc_topology_t topology = NULL;
	unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM;

#if HWLOC_API_VERSION >= 0x00020500
	flags |= HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING;
#endif
	if (loaded)
		return loaded;
	if (hwloc_topology_init(&topology) == 0 && hwloc_topology_set_flags(topology, flags) == 0 &&
	    hwloc_topology_load(topology) == 0)
		return loaded = topology;
	hwloc_throw(env, "hwloc_topology_load", errno, NULL);
	if (topology)
		hwloc_topology_destroy(topology);
	return NULL;
}

/* Large enough for every kernel's CPU and node numbers, small enough that a typing error costs no memory. */
#define OS_INDEX_MAX 65535

static hwloc_bitmap_t set_argument(napi_env env, napi_value list, const char *what)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	bool is_array = false;
	uint32_t count = 0;

	if (napi_is_array(env, list, &is_array) != napi_ok || !is_array)
		ak_throw_type(env, "%s must be an array of numbers", what);
	else if (napi_get_array_length(env, list, &count) == napi_ok && count == 0)
		ak_throw_range(env, "%s must not be empty", what);
	for (uint32_t i = 0; i < count; i++) {
		napi_value element;
		int64_t number;
		if (napi_get_element(env, list, i, &element) != napi_ok ||
		    !ak_integer(env, element, what, 0, OS_INDEX_MAX, &number)) {
			count = 0;
			break;
		}
		hwloc_bitmap_set(set, (unsigned)number);
	}
	if (count > 0)
		return set;
	hwloc_bitmap_free(set);
	return NULL;
}

/* Whoever reads the message must see which numbers were wrong. */
static napi_value refuse(napi_env env, const char *call, int error, hwloc_const_bitmap_t wanted,
			 hwloc_const_bitmap_t allowed)
{
	char wanted_list[96];
	char allowed_list[96];
	char what[224];

	hwloc_bitmap_list_snprintf(wanted_list, sizeof wanted_list, wanted);
	hwloc_bitmap_list_snprintf(allowed_list, sizeof allowed_list, allowed);
	snprintf(what, sizeof what, "cannot bind to %s of %s", wanted_list, allowed_list);
	return hwloc_throw(env, call, error, what);
}

static napi_value bind_cpu(napi_env env, napi_callback_info info)
{
	const int flags = HWLOC_CPUBIND_PROCESS | HWLOC_CPUBIND_STRICT;
	hwloc_topology_t topology = here(env);
	hwloc_const_bitmap_t allowed;
	hwloc_bitmap_t wanted;
	hwloc_bitmap_t bound;

	AK_ARGS(env, info, 1);
	if (!topology || !(wanted = set_argument(env, argv[0], "bindCpu: cpus")))
		return NULL;
	allowed = hwloc_topology_get_allowed_cpuset(topology);
	bound = hwloc_bitmap_alloc();
	if (hwloc_set_cpubind(topology, wanted, flags) != 0)
		refuse(env, "hwloc_set_cpubind", errno, wanted, allowed);
	else if (hwloc_get_cpubind(topology, bound, flags) != 0)
		hwloc_throw(env, "hwloc_get_cpubind", errno, NULL);
	else if (!hwloc_bitmap_isequal(bound, wanted))
		refuse(env, "hwloc_set_cpubind", EPERM, wanted, allowed); /* the kernel took a part of the set */
	hwloc_bitmap_free(bound);
	hwloc_bitmap_free(wanted);
	return NULL;
}

static napi_value bind_memory(napi_env env, napi_callback_info info)
{
	/* Linux has no call that sets the policy of another thread. */
	const int flags = HWLOC_MEMBIND_THREAD | HWLOC_MEMBIND_STRICT | HWLOC_MEMBIND_BYNODESET;
	hwloc_topology_t topology = here(env);
	hwloc_const_bitmap_t allowed;
	hwloc_membind_policy_t policy;
	hwloc_bitmap_t wanted;
	hwloc_bitmap_t bound;

	AK_ARGS(env, info, 1);
	if (!topology || !(wanted = set_argument(env, argv[0], "bindMemory: numaNodes")))
		return NULL;
	allowed = hwloc_topology_get_allowed_nodeset(topology);
	bound = hwloc_bitmap_alloc();
	if (hwloc_set_membind(topology, wanted, HWLOC_MEMBIND_BIND, flags | HWLOC_MEMBIND_MIGRATE) != 0)
		refuse(env, "hwloc_set_membind", errno, wanted, allowed);
	else if (hwloc_get_membind(topology, bound, &policy, flags) != 0)
		hwloc_throw(env, "hwloc_get_membind", errno, NULL);
	else if (!hwloc_bitmap_isequal(bound, wanted))
		refuse(env, "hwloc_set_membind", EPERM, wanted, allowed); /* the kernel took a part of the set */
	hwloc_bitmap_free(bound);
	hwloc_bitmap_free(wanted);
	return NULL;
}

static napi_value bound_cpus(napi_env env, napi_callback_info info)
{
	hwloc_topology_t topology = here(env);
	hwloc_bitmap_t bound;
	napi_value out = NULL;

	if (!topology)
		return NULL;
	bound = hwloc_bitmap_alloc();
	if (hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_THREAD) == 0)
		out = numbers_of(env, bound);
	else
		hwloc_throw(env, "hwloc_get_cpubind", errno, NULL);
	hwloc_bitmap_free(bound);
	return out;
}

static napi_value last_cpu(napi_env env, napi_callback_info info)
{
	hwloc_topology_t topology = here(env);
	hwloc_bitmap_t location;
	napi_value out = NULL;

	if (!topology)
		return NULL;
	location = hwloc_bitmap_alloc();
	if (hwloc_get_last_cpu_location(topology, location, HWLOC_CPUBIND_THREAD) == 0)
		out = ak_number(env, hwloc_bitmap_first(location));
	else
		hwloc_throw(env, "hwloc_get_last_cpu_location", errno, NULL);
	hwloc_bitmap_free(location);
	return out;
}

void binding_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "bindCpu", bind_cpu);
	ak_export(env, exports, "bindMemory", bind_memory);
	ak_export(env, exports, "boundCpus", bound_cpus);
	ak_export(env, exports, "lastCpu", last_cpu);
}
