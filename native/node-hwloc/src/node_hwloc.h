/* What the files of this addon share. */
#ifndef NODE_HWLOC_H
#define NODE_HWLOC_H

#include "addon_kit.h"
#include <hwloc.h>

/* Throws ERR_HWLOC with the properties `call` and `errno`, and `what` (or NULL) at the end of the message;
 * returns NULL. */
napi_value hwloc_throw(napi_env env, const char *call, int error, const char *what);

/* Plain data. A Node-API call that fails here leaves its exception pending or a property out; there is
 * nothing to undo, so the builders have no status. */
napi_value numbers_of(napi_env env, hwloc_const_bitmap_t set);
void put(napi_env env, napi_value object, const char *key, napi_value value);
void put_number(napi_env env, napi_value object, const char *key, double value);
void put_set(napi_env env, napi_value object, const char *key, hwloc_const_bitmap_t set);
/* Leaves the property out if the text is NULL. */
void put_text(napi_env env, napi_value object, const char *key, const char *text);
/* Leaves the property out if the operating system gave the object no number. */
void put_os_index(napi_env env, napi_value object, hwloc_obj_t from);

/* What one topology() call returns, in parts. */
napi_value describe_machine(napi_env env, hwloc_topology_t topology);
napi_value describe_packages(napi_env env, hwloc_topology_t topology);
napi_value describe_dies(napi_env env, hwloc_topology_t topology);
napi_value describe_cores(napi_env env, hwloc_topology_t topology);
napi_value describe_pus(napi_env env, hwloc_topology_t topology);
napi_value describe_l3(napi_env env, hwloc_topology_t topology);
napi_value describe_numa_nodes(napi_env env, hwloc_topology_t topology);
napi_value describe_distances(napi_env env, hwloc_topology_t topology);
napi_value describe_os_devices(napi_env env, hwloc_topology_t topology);

/* The node whose memory a CPU gets when it asks for no node in particular; NULL if the CPU is in none. */
hwloc_obj_t home_node_of(hwloc_topology_t topology, hwloc_obj_t pu);
/* `numaNodes`: the home nodes of these CPUs. An object's nodeset also has the nodes without CPUs that are
 * equally near to it, which is not what whoever looks for a place to run means. */
void put_home_nodes(napi_env env, hwloc_topology_t topology, napi_value object, hwloc_const_cpuset_t cpus);

void topology_exports(napi_env env, napi_value exports);
void binding_exports(napi_env env, napi_value exports);
void memory_exports(napi_env env, napi_value exports);

#endif
