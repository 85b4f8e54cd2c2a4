/* SPDX-License-Identifier: ISC */
/*
 * json-c behind typed getters. What json_valid() let through json-c must take as well; where it
 * does not, the two disagree about the grammar and the text is refused.
 */
#include "core/base/json.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json_print.h"

static void
dispose_value(void *value)
{
	json_object_put(value);
}

static void
dispose_tokener(void *tokener)
{
	json_tokener_free(tokener);
}

static struct json_object *
refuse(const char **why, const char *text)
{
	if (why != NULL)
		*why = text;
	return NULL;
}

struct json_object *
json_parse(struct arena *arena, const char *text, size_t size, const char **why)
{
	if (!json_valid(text, size, arena, why))
		return NULL;

	/* json-c counts a scalar as a level, and ends a bare number only at a NUL */
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	const char *copy = arena_copy(arena, text, size);

	if (tokener == NULL)
		bug("out of memory");
	arena_defer(arena, dispose_tokener, tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);

	struct json_object *value = json_tokener_parse_ex(tokener, copy, (int)size + 1);

	arena_defer(arena, dispose_value, value);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) < size)
		return refuse(why, "json-c refuses what is valid");
	return value == NULL ? refuse(why, "the document is null") : value;
}

struct json_object *
json_parse_object(struct arena *arena, const char *text, size_t size, const char **why)
{
	struct json_object *value = json_parse(arena, text, size, why);

	if (value != NULL && !json_object_is_type(value, json_type_object))
		return refuse(why, "the document is not an object");
	return value;
}

static struct json_object *
own(struct arena *arena, struct json_object *value)
{
	if (value == NULL)
		bug("out of memory");
	arena_defer(arena, dispose_value, value);
	return value;
}

struct json_object *
json_new_object(struct arena *arena)
{
	return own(arena, json_object_new_object());
}

struct json_object *
json_new_array(struct arena *arena)
{
	return own(arena, json_object_new_array());
}

/* Hands value over to object. */
static void
give(struct json_object *object, const char *key, struct json_object *value)
{
	if (value == NULL || json_object_object_add(object, key, value) != 0)
		bug("a member could not be added");
}

void
json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (value != NULL)
		give(object, key, json_object_get(value));
}

void
json_add_text(struct json_object *object, const char *key, const char *text)
{
	if (text != NULL)
		give(object, key, json_object_new_string(text));
}

void
json_add_int(struct json_object *object, const char *key, int64_t value)
{
	give(object, key, json_object_new_int64(value));
}

void
json_add_bool(struct json_object *object, const char *key, bool value)
{
	give(object, key, json_object_new_boolean(value));
}

void
json_add_list(struct json_object *object, const char *key, const struct strlist *list)
{
	if (list->count == 0)
		return;

	struct json_object *array = json_object_new_array_ext((int)list->count);

	if (array == NULL)
		bug("out of memory");
	for (size_t i = 0; i < list->count; i++)
		json_push_text(array, list->item[i]);
	give(object, key, array);
}

void
json_push(struct json_object *array, struct json_object *value)
{
	if (value == NULL)
		return;
	if (json_object_array_add(array, json_object_get(value)) != 0)
		bug("an item could not be added");
}

void
json_push_text(struct json_object *array, const char *text)
{
	if (text == NULL)
		return;

	struct json_object *value = json_object_new_string(text);

	if (value == NULL || json_object_array_add(array, value) != 0)
		bug("an item could not be added");
}

static enum json_verdict
get_typed(const struct json_object *object, const char *key, enum json_type type,
	  struct json_object **value)
{
	struct json_object *member = NULL;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &member) || member == NULL)
		return JSON_ABSENT;
	if (!json_object_is_type(member, type))
		return JSON_WRONG_TYPE;
	*value = member;
	return JSON_FOUND;
}

enum json_verdict
json_get_text(const struct json_object *object, const char *key, const char **text)
{
	struct json_object *member;
	enum json_verdict verdict = get_typed(object, key, json_type_string, &member);

	if (verdict == JSON_FOUND)
		*text = json_object_get_string(member);
	return verdict;
}

enum json_verdict
json_get_int(const struct json_object *object, const char *key, int64_t *value)
{
	struct json_object *member;
	enum json_verdict verdict = get_typed(object, key, json_type_int, &member);

	if (verdict == JSON_FOUND)
		*value = json_object_get_int64(member);
	return verdict;
}

enum json_verdict
json_get_bool(const struct json_object *object, const char *key, bool *value)
{
	struct json_object *member;
	enum json_verdict verdict = get_typed(object, key, json_type_boolean, &member);

	if (verdict == JSON_FOUND)
		*value = json_object_get_boolean(member);
	return verdict;
}

enum json_verdict
json_get_object(const struct json_object *object, const char *key, struct json_object **value)
{
	return get_typed(object, key, json_type_object, value);
}

enum json_verdict
json_get_array(const struct json_object *object, const char *key, struct json_object **value)
{
	return get_typed(object, key, json_type_array, value);
}

enum json_verdict
json_get_list(struct arena *arena, const struct json_object *object, const char *key, size_t max,
	      struct strlist *list)
{
	struct json_object *array;
	enum json_verdict verdict = get_typed(object, key, json_type_array, &array);

	if (verdict != JSON_FOUND)
		return verdict;

	size_t count = json_object_array_length(array);

	if (count > max)
		return JSON_WRONG_TYPE;

	const char **items = arena_array(arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (!json_object_is_type(item, json_type_string))
			return JSON_WRONG_TYPE;
		items[i] = json_object_get_string(item);
	}
	*list = (struct strlist){.item = items, .count = count};
	return JSON_FOUND;
}

const char *
json_text_or_null(const struct json_object *object, const char *key)
{
	const char *text = NULL;

	return json_get_text(object, key, &text) == JSON_FOUND ? text : NULL;
}

char *
json_write(struct arena *arena, struct json_object *value, size_t *size)
{
	struct buf out;

	buf_init(&out, arena, JSON_WRITE_MAX);
	json_print(&out, value);
	if (buf_failed(&out))
		bug("a JSON text is over its maximum");
	if (size != NULL)
		*size = out.size;
	return out.data;
}
