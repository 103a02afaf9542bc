/* topology(): loads a topology from its source, describes it as plain data, forgets it. */
#include "node_hwloc.h"
#include <errno.h>
#include <stdlib.h>

/* These plugins start the driver of a GPU, with its threads, to list devices that nobody asks us for. */
static const char *const gpu_components[] = {"cuda", "nvml", "opencl", "rsmi", "levelzero", "gl"};

static unsigned long load_flags(void)
{
	/* What a job may not use is still part of the machine; `allowedCpus` tells the two apart. */
	unsigned long flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED;
#if HWLOC_API_VERSION >= 0x00020500
	/* Discovery by cpuid would move this process from CPU to CPU, and wait for each. */
	flags |= HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING;
#endif
	return flags;
}

/* kind: "live", "xml" (text is the document), "xmlFile" (its path) or "synthetic" (its description). */
static bool load(napi_env env, const char *kind, const char *text, size_t length, hwloc_topology_t *out)
{
	const char *call = "hwloc_topology_init";
	hwloc_topology_t topology = NULL;
	int status = hwloc_topology_init(&topology);

	if (status == 0) {
		call = "hwloc_topology_set_flags";
		status = hwloc_topology_set_flags(topology, load_flags());
	}
	if (status == 0) {
		call = "hwloc_topology_set_io_types_filter";
		status = hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
	}
	for (size_t i = 0; status == 0 && i < sizeof gpu_components / sizeof *gpu_components; i++)
		hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
					      gpu_components[i]);
	if (status == 0 && strcmp(kind, "xml") == 0) {
		call = "hwloc_topology_set_xmlbuffer";
		status = hwloc_topology_set_xmlbuffer(topology, text, (int)length + 1);
	} else if (status == 0 && strcmp(kind, "xmlFile") == 0) {
		call = "hwloc_topology_set_xml";
		status = hwloc_topology_set_xml(topology, text);
	} else if (status == 0 && strcmp(kind, "synthetic") == 0) {
		call = "hwloc_topology_set_synthetic";
		status = hwloc_topology_set_synthetic(topology, text);
	}
	if (status == 0) {
		call = "hwloc_topology_load";
		status = hwloc_topology_load(topology);
	}
	if (status == 0) {
		*out = topology;
		return true;
	}
	hwloc_throw(env, call, errno ? errno : EINVAL, NULL);
	if (topology)
		hwloc_topology_destroy(topology);
	return false;
}

static napi_value describe(napi_env env, hwloc_topology_t topology)
{
	napi_value out;

	AK_TRY(env, napi_create_object(env, &out));
	put(env, out, "machine", describe_machine(env, topology));
	put(env, out, "packages", describe_packages(env, topology));
	put(env, out, "numaNodes", describe_numa_nodes(env, topology));
	put(env, out, "dies", describe_dies(env, topology));
	put(env, out, "cores", describe_cores(env, topology));
	put(env, out, "pus", describe_pus(env, topology));
	put(env, out, "l3", describe_l3(env, topology));
	put(env, out, "osDevices", describe_os_devices(env, topology));
	/* With HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED the topology's own set is what is online. */
	put_set(env, out, "onlineCpus", hwloc_topology_get_topology_cpuset(topology));
	put_set(env, out, "allowedCpus", hwloc_topology_get_allowed_cpuset(topology));
	put_set(env, out, "allowedNodes", hwloc_topology_get_allowed_nodeset(topology));
	put(env, out, "distances", describe_distances(env, topology));
	return out;
}

static napi_value topology_call(napi_env env, napi_callback_info info)
{
	char kind[16];
	size_t length = 0;
	char *text;
	hwloc_topology_t topology;
	bool loaded;
	napi_value out;

	AK_ARGS(env, info, 2);
	if (!ak_string(env, argv[0], "topology: source", kind, sizeof kind))
		return NULL;
	if (napi_get_value_string_utf8(env, argv[1], NULL, 0, &length) != napi_ok)
		return ak_throw_type(env, "topology: source.%s must be a string", kind);
	if (length >= INT32_MAX)
		return ak_throw_range(env, "topology: source.%s is too long", kind);
	text = malloc(length + 1);
	if (!text)
		return hwloc_throw(env, "malloc", ENOMEM, NULL);
	napi_get_value_string_utf8(env, argv[1], text, length + 1, &length);
	errno = 0;
	loaded = load(env, kind, text, length, &topology);
	free(text);
	if (!loaded)
		return NULL;
	out = describe(env, topology);
	hwloc_topology_destroy(topology);
	return out;
}

void topology_exports(napi_env env, napi_value exports)
{
	ak_export(env, exports, "topology", topology_call);
}
