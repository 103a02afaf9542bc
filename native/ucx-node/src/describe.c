/* Which transports UCX has, and which an endpoint really uses. UCX 1.13 tells both only as text:
 *   ucp_context_print_info   #      resource 3  :  md 2  dev 3  flags -- sysv/memory
 *   ucp_ep_print_info        #      lane[0]:  3:sysv/memory.0 md[2]    -> md[2]/sysv/sysdev[255] am am_bw#0 rma_bw#0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

static bool contains_word(const char *text, const char *word, size_t length)
{
	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static void append_word(char *out, const char *word)
{
	size_t used = strlen(out);
	if (!contains_word(out, word, strlen(word)))
		snprintf(out + used, DESCRIPTION_BYTES - used, "%s%s", used ? " " : "", word);
}

static char *printed(void (*print)(void *object, FILE *stream), void *object)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	if (!stream)
		return NULL;
	print(object, stream);
	fclose(stream);
	return text;
}

static void print_context(void *context, FILE *stream)
{
	ucp_context_print_info(context, stream);
}

static void print_endpoint(void *endpoint, FILE *stream)
{
	ucp_ep_print_info(endpoint, stream);
}

void worker_describe_resources(struct worker *worker, char out[DESCRIPTION_BYTES])
{
	out[0] = '\0';
	char *text = printed(print_context, worker->context);
	for (const char *line = text; line && (line = strstr(line, "resource ")); line++) {
		char name[64];
		if (sscanf(line, "resource %*d : md %*d dev %*d flags %*s %63s", name) == 1)
			append_word(out, name);
	}
	free(text);
}

void endpoint_describe(struct endpoint *endpoint, struct description *out)
{
	char bulk_messages[DESCRIPTION_BYTES] = "";
	*out = (struct description){.all = ""};
	char *text = printed(print_endpoint, endpoint->ep);
	for (char *save, *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char name[64];
		int roles_at = 0;
		char *lane = strstr(line, "lane[");
		if (!lane || sscanf(lane, "lane[%*d]: %*d:%63s md[%*d] -> %*s%n", name, &roles_at) != 1)
			continue;
		/* The path number behind the dot is of no interest; a device name may contain dots itself. */
		char *dot = strrchr(name, '.');
		if (dot)
			*dot = '\0';
		const char *roles = lane + roles_at;
		append_word(out->all, name);
		if (contains_word(roles, "am", 2))
			append_word(out->small, name);
		if (strstr(roles, "rma_bw#"))
			append_word(out->large, name);
		if (strstr(roles, "am_bw#"))
			append_word(bulk_messages, name);
	}
	/* Without a lane for rendezvous by RMA, long payloads are messages. */
	if (out->large[0] == '\0')
		memcpy(out->large, bulk_messages, sizeof bulk_messages);
	free(text);
}
