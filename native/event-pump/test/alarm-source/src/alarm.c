/* A real poll source, small enough to reason about: a command asks for one event, at once or when a timerfd expires. */
#include <addon_kit.h>
#include <poll_source.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum word { COMMANDS, COMMANDS_TAKEN, EVENTS, EVENTS_CONSUMED, DELAY_US, ARMED, WOKEN, WORDS };

struct alarm {
	struct poll_source source;
	int timer;
	int32_t words[WORDS];
};

static int poll_alarm(struct poll_source *source)
{
	struct alarm *alarm = source->state;
	int32_t *words = alarm->words;
	uint64_t expirations;
	while (words[COMMANDS_TAKEN] != words[COMMANDS]) {
		words[COMMANDS_TAKEN]++;
		if (words[DELAY_US] == 0) {
			words[EVENTS]++;
			continue;
		}
		struct itimerspec when = {.it_value = {words[DELAY_US] / 1000000, words[DELAY_US] % 1000000 * 1000}};
		timerfd_settime(alarm->timer, 0, &when, NULL);
	}
	if (read(alarm->timer, &expirations, sizeof expirations) > 0)
		words[EVENTS]++;
	return words[EVENTS] - words[EVENTS_CONSUMED];
}

static int arm_alarm(struct poll_source *source)
{
	struct alarm *alarm = source->state;
	alarm->words[ARMED]++;
	return alarm->words[COMMANDS] != alarm->words[COMMANDS_TAKEN];
}

static void alarm_woken(struct poll_source *source)
{
	((struct alarm *)source->state)->words[WOKEN]++;
}

static int alarm_pending(struct poll_source *source)
{
	struct alarm *alarm = source->state;
	return alarm->words[COMMANDS] != alarm->words[COMMANDS_TAKEN];
}

static void collected(napi_env env, void *data, void *hint)
{
	struct alarm *alarm = data;
	close(alarm->timer);
	free(alarm);
}

/* create(watchable, abi): { source, words }; the words live as long as the source. */
static napi_value create(napi_env env, napi_callback_info info)
{
	static const napi_type_tag tag = POLL_SOURCE_TAG;
	bool watchable;
	int64_t abi;
	napi_value object, source, buffer;
	AK_ARGS(env, info, 2);
	AK_TRY(env, napi_get_value_bool(env, argv[0], &watchable));
	if (!ak_integer(env, argv[1], "abi", 0, UINT32_MAX, &abi))
		return NULL;
	struct alarm *alarm = calloc(1, sizeof *alarm);
	alarm->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	alarm->source = (struct poll_source){
		.abi = abi,
		.fd = watchable ? alarm->timer : -1,
		.poll = poll_alarm,
		.arm = arm_alarm,
		.woken = alarm_woken,
		.pending = alarm_pending,
		.state = alarm,
	};
	AK_TRY(env, napi_create_external(env, alarm, collected, NULL, &source));
	AK_TRY(env, napi_type_tag_object(env, source, &tag));
	AK_TRY(env, napi_create_external_arraybuffer(env, alarm->words, sizeof alarm->words, NULL, NULL, &buffer));
	AK_TRY(env, napi_create_object(env, &object));
	AK_TRY(env, napi_set_named_property(env, object, "source", source));
	AK_TRY(env, napi_set_named_property(env, object, "words", buffer));
	return object;
}

NAPI_MODULE_INIT()
{
	return ak_export(env, exports, "create", create) ? exports : NULL;
}
