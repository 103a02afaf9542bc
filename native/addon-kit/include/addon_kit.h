/* Argument checks and errors of an addon in plain C on Node-API, header only.
 *
 * Every exported function starts with AK_ARGS, reads its arguments through the ak_* readers (each of which
 * throws a TypeError or RangeError that names the function and the argument, and returns false), and passes
 * every Node-API status through AK_TRY. Library errors are thrown by ak_throw with a stable `code`. */
#ifndef ADDON_KIT_H
#define ADDON_KIT_H

#include <math.h>
#include <node_api.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Throws an Error with a `code` and returns NULL, so that `return ak_throw(...)` ends a function. */
static inline napi_value __attribute__((format(printf, 3, 4), unused))
ak_throw(napi_env env, const char *code, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	napi_throw_error(env, code, message);
	return NULL;
}

static inline napi_value __attribute__((format(printf, 2, 3), unused))
ak_throw_type(napi_env env, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
	return NULL;
}

static inline napi_value __attribute__((format(printf, 2, 3), unused))
ak_throw_range(napi_env env, const char *format, ...)
{
	char message[512];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
	return NULL;
}

/* A Node-API call that fails without an exception pending is our bug: say which call it was. */
#define AK_TRY(env, call)                                                                          \
	do {                                                                                       \
		if ((call) != napi_ok) {                                                           \
			bool ak_pending = false;                                                   \
			napi_is_exception_pending((env), &ak_pending);                             \
			if (!ak_pending)                                                           \
				ak_throw((env), "ERR_NAPI", "%s: %s failed", __func__, #call);     \
			return NULL;                                                               \
		}                                                                                  \
	} while (0)

/* Declares argc and argv[count]; missing arguments are undefined. */
#define AK_ARGS(env, info, count)                                                                  \
	size_t argc = (count);                                                                     \
	napi_value argv[(count) ? (count) : 1];                                                    \
	AK_TRY(env, napi_get_cb_info(env, info, &argc, argv, NULL, NULL))

/* As AK_ARGS, and `self` is the `this` value. */
#define AK_METHOD(env, info, count)                                                                \
	size_t argc = (count);                                                                     \
	napi_value argv[(count) ? (count) : 1];                                                    \
	napi_value self;                                                                           \
	AK_TRY(env, napi_get_cb_info(env, info, &argc, argv, &self, NULL))

static inline bool __attribute__((unused))
ak_is(napi_env env, napi_value value, napi_valuetype type)
{
	napi_valuetype actual;
	return napi_typeof(env, value, &actual) == napi_ok && actual == type;
}

/* Reads an integer in [low, high], all within +-2^53. */
static inline bool __attribute__((unused))
ak_integer(napi_env env, napi_value value, const char *what, double low, double high, int64_t *out)
{
	double number;
	if (napi_get_value_double(env, value, &number) != napi_ok) {
		ak_throw_type(env, "%s must be a number", what);
		return false;
	}
	if (!(number >= low && number <= high) || number != floor(number)) {
		ak_throw_range(env, "%s must be an integer from %.0f to %.0f, not %g", what, low, high, number);
		return false;
	}
	*out = (int64_t)number;
	return true;
}

/* Reads a string of at most size - 1 bytes of UTF-8 without NUL. */
static inline bool __attribute__((unused))
ak_string(napi_env env, napi_value value, const char *what, char *out, size_t size)
{
	size_t length = 0;
	if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
		ak_throw_type(env, "%s must be a string", what);
		return false;
	}
	if (length >= size) {
		ak_throw_range(env, "%s must be at most %zu bytes, not %zu", what, size - 1, length);
		return false;
	}
	napi_get_value_string_utf8(env, value, out, size, &length);
	if (strlen(out) != length) {
		ak_throw_type(env, "%s must not contain NUL", what);
		return false;
	}
	return true;
}

/* Reads the bytes of an ArrayBuffer, a typed array or a DataView; valid until JavaScript runs again. */
static inline bool __attribute__((unused))
ak_bytes(napi_env env, napi_value value, const char *what, void **data, size_t *length)
{
	bool yes = false;
	*data = NULL;
	*length = 0;
	if (napi_is_arraybuffer(env, value, &yes) == napi_ok && yes)
		return napi_get_arraybuffer_info(env, value, data, length) == napi_ok;
	if (napi_is_typedarray(env, value, &yes) == napi_ok && yes) {
		static const uint8_t element[] = {
			[napi_int8_array] = 1, [napi_uint8_array] = 1, [napi_uint8_clamped_array] = 1,
			[napi_int16_array] = 2, [napi_uint16_array] = 2, [napi_int32_array] = 4,
			[napi_uint32_array] = 4, [napi_float32_array] = 4, [napi_float64_array] = 8,
			[napi_bigint64_array] = 8, [napi_biguint64_array] = 8,
		};
		napi_typedarray_type type;
		size_t count;
		if (napi_get_typedarray_info(env, value, &type, &count, data, NULL, NULL) != napi_ok)
			return false;
		*length = count * element[type];
		return true;
	}
	if (napi_is_dataview(env, value, &yes) == napi_ok && yes)
		return napi_get_dataview_info(env, value, length, data, NULL, NULL) == napi_ok;
	ak_throw_type(env, "%s must be an ArrayBuffer, a typed array or a DataView", what);
	return false;
}

static inline napi_value __attribute__((unused)) ak_number(napi_env env, double value)
{
	napi_value out = NULL;
	napi_create_double(env, value, &out);
	return out;
}

static inline napi_value __attribute__((unused)) ak_text(napi_env env, const char *text)
{
	napi_value out = NULL;
	napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &out);
	return out;
}

/* Adds a function to the exports; false if Node-API refuses. */
static inline bool __attribute__((unused))
ak_export(napi_env env, napi_value exports, const char *name, napi_callback function)
{
	napi_value value;
	return napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value) == napi_ok &&
	       napi_set_named_property(env, exports, name, value) == napi_ok;
}

#endif
