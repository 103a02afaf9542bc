/* Until the peer has answered the connection request, UCX's keepalive skips a shared memory endpoint (1.13.1,
 * ucp_wireup_ep_check), and the death of the peer would never be noticed. So an address also tells which process made
 * it, and a process on this host is watched until the first flush of its endpoint, started by connect, is over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "worker.h"

enum { WATCH_PERIOD_MS = 50 };

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When the process started, in clock ticks since boot; 0 if it is gone or a zombie. */
static uint64_t start_ticks(int32_t pid)
{
	char path[32], line[1024];
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	size_t length = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[length] = '\0';
	/* The name, in parentheses, may contain anything; state is field 3, the start time field 22. */
	const char *after_name = strrchr(line, ')');
	char state;
	unsigned long long ticks;
	if (!after_name || sscanf(after_name,
				  ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
				  &state, &ticks) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : ticks;
}

/* Equal for processes that see each other's pids: same boot of the same kernel, same pid namespace. */
static uint64_t host_identity(void)
{
	struct {
		char boot_id[40];
		uint64_t namespace_inode;
	} identity = {0};
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (file) {
		if (!fgets(identity.boot_id, sizeof identity.boot_id, file))
			identity.boot_id[0] = '\0';
		fclose(file);
	}
	struct stat status;
	if (stat("/proc/self/ns/pid", &status) == 0)
		identity.namespace_inode = status.st_ino;
	return seal_hash(&identity, sizeof identity);
}

void liveness_identify(struct process *process)
{
	*process = (struct process){.host = host_identity(), .start_ticks = start_ticks(getpid()), .pid = getpid()};
}

static bool is_gone(const struct process *process)
{
	return start_ticks(process->pid) != process->start_ticks;
}

static void stop_watching(struct endpoint *endpoint)
{
	if (endpoint->watched)
		endpoint->worker->watched_count--;
	endpoint->watched = false;
}

static void on_first_flush(void *request, ucs_status_t status, void *endpoint)
{
	stop_watching(endpoint);
	ucp_request_free(request);
}

void liveness_watch(struct endpoint *endpoint, const struct process *process)
{
	if (process->host != endpoint->worker->process.host)
		return;
	ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA,
		.cb.send = on_first_flush,
		.user_data = endpoint,
	};
	endpoint->process = *process;
	endpoint->watched = true;
	endpoint->worker->watched_count++;
	if (!UCS_PTR_IS_PTR(ucp_ep_flush_nbx(endpoint->ep, &param)))
		stop_watching(endpoint);
}

void liveness_check(struct worker *worker)
{
	int64_t now = now_ms();
	if (now - worker->watched_at_ms < WATCH_PERIOD_MS)
		return;
	worker->watched_at_ms = now;
	for (int32_t i = 0; i < worker->endpoint_count; i++) {
		struct endpoint *endpoint = worker->endpoints[i];
		if (endpoint->watched && is_gone(&endpoint->process)) {
			stop_watching(endpoint);
			endpoint_fail(endpoint, UCS_ERR_CONNECTION_RESET);
		}
	}
}
