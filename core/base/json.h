/* SPDX-License-Identifier: ISC */
/*
 * JSON on json-c, made strict. json-c alone accepts duplicate keys, "\u0000" in keys, NaN, single
 * quotes and overlong UTF-8, so a validator of ours (RFC 8259 grammar, RFC 7493 rules) stands
 * before it. Objects belong to the arena that is passed. Getters never convert: a string "1" is not
 * a number.
 */
#ifndef OSTIARY_BASE_JSON_H
#define OSTIARY_BASE_JSON_H

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

#define JSON_TEXT_MAX  65536 /* bytes of one document from outside */
#define JSON_DEPTH_MAX 16    /* nested arrays and objects */

enum json_verdict {
	JSON_FOUND,      /* the member is there and of the type asked for */
	JSON_ABSENT,     /* it is not there, or null */
	JSON_WRONG_TYPE, /* it is there but of another type, or outside the range asked for */
};

/* How *why begins where a member of an object stands twice. */
#define JSON_WHY_DUPLICATE "a duplicate key"

/* True when text is one strict JSON value of at most JSON_TEXT_MAX bytes; else *why says what and
 * where. */
bool json_valid(const char *text, size_t size, struct arena *arena, const char **why);

/*
 * The value of strict JSON text, owned by the arena, or NULL with *why (private text, may be NULL)
 * in the arena. Refuses: more than JSON_TEXT_MAX bytes or JSON_DEPTH_MAX levels, bad UTF-8, lone
 * surrogates, duplicate keys, \u0000 anywhere, raw control characters, trailing bytes, integers
 * outside int64, numbers outside a double or of more than 64 characters, the value null.
 */
struct json_object *json_parse(struct arena *arena, const char *text, size_t size, const char **why)
	__attribute__((warn_unused_result));

/* The same, and the value must be an object. */
struct json_object *json_parse_object(struct arena *arena, const char *text, size_t size,
				      const char **why) __attribute__((warn_unused_result));

/* New values owned by the arena. */
struct json_object *json_new_object(struct arena *arena);
struct json_object *json_new_array(struct arena *arena);

/*
 * Members and items. A NULL text or value, and an empty list in json_add_list(), add nothing.
 * json_add() and json_push() take a share of their own of a value that some arena owns.
 */
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_int(struct json_object *object, const char *key, int64_t value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_add_list(struct json_object *object, const char *key, const struct strlist *list);
void json_push(struct json_object *array, struct json_object *value);
void json_push_text(struct json_object *array, const char *text);

/* Typed getters. On anything but JSON_FOUND the out parameter is left untouched. */
enum json_verdict json_get_text(const struct json_object *object, const char *key,
				const char **text);
enum json_verdict json_get_int(const struct json_object *object, const char *key, int64_t *value);
enum json_verdict json_get_bool(const struct json_object *object, const char *key, bool *value);
enum json_verdict json_get_object(const struct json_object *object, const char *key,
				  struct json_object **value);
enum json_verdict json_get_array(const struct json_object *object, const char *key,
				 struct json_object **value);
/* An array of strings; at most max of them. */
enum json_verdict json_get_list(struct arena *arena, const struct json_object *object,
				const char *key, size_t max, struct strlist *list);

/* The text, or NULL when it is absent or of another type: for documents that we wrote ourselves. */
const char *json_text_or_null(const struct json_object *object, const char *key);

/* Plain compact text in the arena, slashes not escaped, at most JSON_WRITE_MAX bytes. *size may be
 * NULL. */
#define JSON_WRITE_MAX (64 * 1024 * 1024)
char *json_write(struct arena *arena, struct json_object *value, size_t *size);

#endif
