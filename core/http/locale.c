/* SPDX-License-Identifier: ISC */
/*
 * Loading of the catalogues and their texts. Here it is decided that catalogues agree in keys and
 * placeholders (a page in one language never has less on it than in another) and how placeholders
 * are filled. Which language a reader gets is in locale_pick.c.
 */
#include "core/http/locale.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/http/locale_set.h"
#include "core/http/page_file.h"

#define PAIRS_MAX 8

/* Languages written from right to left; all others are written from left to right. */
static const char *const rtl_tags[] = {"ar", "dv", "fa", "he", "ps", "ur", "yi"};

struct pairs {
	const char *name[PAIRS_MAX];
	const char *value[PAIRS_MAX];
	size_t count;
};

static void
read_pairs(struct pairs *pairs, va_list args)
{
	const char *name;

	pairs->count = 0;
	while ((name = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (pairs->count == PAIRS_MAX)
			bug("too many pairs for a text");
		pairs->name[pairs->count] = name;
		pairs->value[pairs->count++] = value ? value : "";
	}
}

static const char *
direction(const char *tag)
{
	size_t primary = strcspn(tag, "-");

	for (size_t i = 0; i < sizeof(rtl_tags) / sizeof(rtl_tags[0]); i++)
		if (strlen(rtl_tags[i]) == primary && strncmp(tag, rtl_tags[i], primary) == 0)
			return "rtl";
	return "ltr";
}

/* The next "{name}" of text: its length with the braces, and *start; 0 when there is none. */
static size_t
next_placeholder(const char *text, const char **start)
{
	for (const char *open = strchr(text, '{'); open; open = strchr(open + 1, '{')) {
		size_t name = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (name > 0 && open[1 + name] == '}') {
			*start = open;
			return name + 2;
		}
	}
	return 0;
}

static const char *
pair_value(const struct pairs *pairs, const char *name, size_t size)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strlen(pairs->name[i]) == size && strncmp(pairs->name[i], name, size) == 0)
			return pairs->value[i];
	return NULL;
}

static char *
fill(struct arena *arena, const char *text, const struct pairs *pairs)
{
	const char *whole = text;
	struct buf out;
	const char *start;
	size_t size;

	buf_init(&out, arena, LOCALE_TEXT_MAX);
	while ((size = next_placeholder(text, &start)) > 0) {
		const char *value = pair_value(pairs, start + 1, size - 2);

		buf_add(&out, text, (size_t)(start - text));
		if (value)
			buf_add_text(&out, value);
		else
			buf_add(&out, start, size);
		text = start + size;
	}
	buf_add_text(&out, text);
	return arena_strdup(arena, buf_failed(&out) || !out.data ? whole : out.data);
}

/* Every text has every placeholder of the other, in any order and number. */
static bool
placeholders_within(const char *text, const char *other)
{
	const char *start;
	size_t size;

	while ((size = next_placeholder(text, &start)) > 0) {
		if (!memmem(other, strlen(other), start, size))
			return false;
		text = start + size;
	}
	return true;
}

static int
check_texts(const char *path, struct json_object *texts, struct buf *errors)
{
	struct json_object_iterator at = json_object_iter_begin(texts);
	const struct json_object_iterator end = json_object_iter_end(texts);
	int result = 0;

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		struct json_object *text = json_object_iter_peek_value(&at);

		if (strlen(key) <= LOCALE_KEY_MAX && json_object_is_type(text, json_type_string) &&
		    json_object_get_string_len(text) > 0)
			continue;
		buf_printf(errors, "%s: not a text: %s\n", path, key);
		result = -1;
	}
	return result;
}

/* Every key of a is in b with the same placeholders; what b lacks is told with path. */
static int
check_within(const char *path, const struct locale *a, const struct locale *b, const char *what,
	     struct buf *errors)
{
	struct json_object_iterator at = json_object_iter_begin(a->texts);
	const struct json_object_iterator end = json_object_iter_end(a->texts);
	int result = 0;

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		const char *text = locale_text(a, key);
		const char *other = locale_find(b, key);

		if (other && placeholders_within(text, other) && placeholders_within(other, text))
			continue;
		buf_printf(errors, "%s: %s: %s\n", path, other ? "other placeholders" : what, key);
		result = -1;
	}
	return result;
}

static int
load_one(struct arena *arena, const char *folder, struct locale *locale, struct buf *errors)
{
	const char *path = arena_printf(arena, "%s/%s.json", folder, locale->tag);
	const char *why = "not an object";
	size_t size;
	const char *text = page_file_read(arena, path, &size, errors);

	if (!text)
		return -1;
	locale->dir = direction(locale->tag);
	locale->texts = json_parse_object(arena, text, size, &why);
	if (!locale->texts) {
		buf_printf(errors, "%s: %s\n", path, why);
		return -1;
	}
	return check_texts(path, locale->texts, errors);
}

/* English is the first and the measure of the others. */
static int
compare_all(struct arena *arena, const char *folder, const struct locale_set *set,
	    struct buf *errors)
{
	const struct locale *english = &set->locale[0];
	int result = 0;

	for (size_t i = 1; i < set->count; i++) {
		const struct locale *other = &set->locale[i];
		const char *path = arena_printf(arena, "%s/%s.json", folder, other->tag);

		if (check_within(path, english, other, "missing", errors) < 0)
			result = -1;
		if (check_within(path, other, english, "not in en.json", errors) < 0)
			result = -1;
	}
	return result;
}

const struct locale_set *
locale_set_load(struct arena *arena, const char *folder, struct buf *errors)
{
	struct locale_set *set = arena_alloc(arena, sizeof(*set));
	struct strlist names;
	int result = 0;

	if (page_file_list(arena, folder, ".json", &names, errors) < 0)
		return NULL;
	if (!strlist_has(&names, "en")) {
		buf_printf(errors, "%s: en.json is missing\n", folder);
		return NULL;
	}
	set->locale = arena_array(arena, names.count, sizeof(*set->locale));
	set->locale[set->count++].tag = "en";
	for (size_t i = 0; i < names.count; i++)
		if (!str_equal(names.item[i], "en"))
			set->locale[set->count++].tag = names.item[i];
	for (size_t i = 0; i < set->count; i++)
		if (load_one(arena, folder, &set->locale[i], errors) < 0)
			result = -1;
	if (result < 0 || compare_all(arena, folder, set, errors) < 0)
		return NULL;
	return set;
}

struct strlist
locale_tags(struct arena *arena, const struct locale_set *set)
{
	struct strlist tags = {arena_array(arena, set->count, sizeof(*tags.item)), set->count};

	for (size_t i = 0; i < set->count; i++)
		tags.item[i] = set->locale[i].tag;
	return tags;
}

const char *
locale_find(const struct locale *locale, const char *key)
{
	return json_text_or_null(locale->texts, key);
}

const char *
locale_text(const struct locale *locale, const char *key)
{
	const char *text = locale_find(locale, key);

	return text ? text : key;
}

char *
locale_format(struct arena *arena, const struct locale *locale, const char *key, ...)
{
	struct pairs pairs;
	va_list args;

	va_start(args, key);
	read_pairs(&pairs, args);
	va_end(args);
	return fill(arena, locale_text(locale, key), &pairs);
}

struct json_object *
locale_json(const struct locale *locale)
{
	return locale->texts;
}

struct json_object *
locale_json_format(struct arena *arena, const struct locale *locale, ...)
{
	struct json_object *texts = json_new_object(arena);
	struct json_object_iterator at = json_object_iter_begin(locale->texts);
	const struct json_object_iterator end = json_object_iter_end(locale->texts);
	struct pairs pairs;
	va_list args;

	va_start(args, locale);
	read_pairs(&pairs, args);
	va_end(args);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *key = json_object_iter_peek_name(&at);
		struct json_object *text = json_object_iter_peek_value(&at);
		const char *start;

		if (next_placeholder(json_object_get_string(text), &start) > 0)
			json_add_text(texts, key,
				      fill(arena, json_object_get_string(text), &pairs));
		else
			json_add(texts, key, text);
	}
	return texts;
}

struct json_object *
locale_error(struct arena *arena, const struct locale *locale, const char *key, ...)
{
	struct json_object *error = json_new_object(arena);
	const char *text = arena_printf(arena, "error_%s", key);
	const char *title = locale_find(locale, arena_printf(arena, "error_%s_title", key));
	const char *hint = locale_find(locale, arena_printf(arena, "error_%s_hint", key));
	struct pairs pairs;
	va_list args;

	va_start(args, key);
	read_pairs(&pairs, args);
	va_end(args);
	if (!title)
		title = locale_text(locale, "error_title");
	json_add_text(error, "title", fill(arena, title, &pairs));
	json_add_text(error, "text", fill(arena, locale_text(locale, text), &pairs));
	if (hint)
		json_add_text(error, "hint", fill(arena, hint, &pairs));
	return error;
}
