/* Which transports an endpoint really uses. UCX 1.13 tells only through the text of ucp_ep_print_info:
 *   #                 lane[0]:  3:posix/memory.0 md[2]           -> md[2]/posix/sysdev[255] rma_bw#0 am am_bw#0 */
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

static void append_word(char *out, size_t size, const char *word)
{
	size_t used = strlen(out);
	if (!contains_word(out, word, strlen(word)))
		snprintf(out + used, size - used, "%s%s", used ? " " : "", word);
}

void endpoint_describe(struct endpoint *endpoint, char *out, size_t size)
{
	out[0] = '\0';
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	if (!stream)
		return;
	ucp_ep_print_info(endpoint->ep, stream);
	fclose(stream);
	for (const char *lane = text; (lane = strstr(lane, "lane[")); lane++) {
		char name[64];
		if (sscanf(lane, "lane[%*d]: %*d:%63[^ ]", name) != 1)
			continue;
		/* The path number behind the dot is of no interest; a device name may contain dots itself. */
		char *dot = strrchr(name, '.');
		if (dot)
			*dot = '\0';
		append_word(out, size, name);
	}
	free(text);
}
