/* SPDX-License-Identifier: ISC */
/*
 * Text and lists of text. Character classes are ASCII and independent of the locale. The UTF-8
 * check follows the table of RFC 3629 4: each lead byte allows its own range for the second byte.
 */
#include "core/base/str.h"

#include <stdint.h>
#include <string.h>

#include "core/base/arena.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_equal_nocase(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; *a != '\0' && lower(*a) == lower(*b); a++)
		b++;
	return *a == '\0' && *b == '\0';
}

bool
str_starts(const char *text, const char *prefix)
{
	return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *text, const char *suffix)
{
	if (text == NULL)
		return false;

	size_t size = strlen(text);
	size_t suffix_size = strlen(suffix);

	return size >= suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

char *
str_lower(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	if (copy == NULL)
		return NULL;
	for (char *c = copy; *c != '\0'; c++)
		*c = lower(*c);
	return copy;
}

bool
str_printable(const char *text)
{
	if (text == NULL)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7E)
			return false;
	}
	return true;
}

char *
str_visible(struct arena *arena, const char *text, size_t max)
{
	char *copy = text ? arena_copy(arena, text, strnlen(text, max)) : NULL;

	for (char *p = copy; p && *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

/* RFC 3629 4, the lead bytes above 0x7F. */
static const struct {
	uint8_t lead_min;
	uint8_t lead_max;
	uint8_t second_min;
	uint8_t second_max;
	uint8_t size;
} utf8_forms[] = {
	{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
	{0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
	{0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

/* The bytes of the character that begins at byte, or 0. */
static size_t
utf8_char_size(const uint8_t *byte, size_t left)
{
	if (byte[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(utf8_forms) / sizeof(utf8_forms[0]); i++) {
		size_t size = utf8_forms[i].size;

		if (byte[0] < utf8_forms[i].lead_min || byte[0] > utf8_forms[i].lead_max)
			continue;
		if (left < size || byte[1] < utf8_forms[i].second_min ||
		    byte[1] > utf8_forms[i].second_max)
			return 0;
		for (size_t k = 2; k < size; k++) {
			if (byte[k] < 0x80 || byte[k] > 0xBF)
				return 0;
		}
		return size;
	}
	return 0;
}

bool
utf8_valid(const char *text, size_t size)
{
	const uint8_t *byte = (const uint8_t *)text;

	while (size > 0) {
		size_t step = utf8_char_size(byte, size);

		if (step == 0)
			return false;
		byte += step;
		size -= step;
	}
	return true;
}

static size_t
count_items(const char *text, char separator)
{
	size_t count = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] != separator && (i == 0 || text[i - 1] == separator))
			count++;
	}
	return count;
}

int
strlist_split(struct arena *arena, const char *text, char separator, size_t max,
	      struct strlist *list)
{
	*list = (struct strlist){0};
	if (text == NULL)
		return 0;

	size_t count = count_items(text, separator);

	if (count > max)
		return -1;
	list->item = arena_array(arena, count, sizeof(*list->item));
	while (list->count < count) {
		while (*text == separator)
			text++;

		const char *end = strchrnul(text, separator);

		list->item[list->count++] = arena_copy(arena, text, (size_t)(end - text));
		text = end;
	}
	return 0;
}

bool
strlist_has(const struct strlist *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_equal(list->item[i], text))
			return true;
	}
	return false;
}

struct strlist
strlist_intersect(struct arena *arena, const struct strlist *a, const struct strlist *b)
{
	struct strlist both = {.item = arena_array(arena, a->count, sizeof(*both.item))};

	for (size_t i = 0; i < a->count; i++) {
		if (strlist_has(b, a->item[i]) && !strlist_has(&both, a->item[i]))
			both.item[both.count++] = a->item[i];
	}
	return both;
}

bool
strlist_within(const struct strlist *a, const struct strlist *b)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!strlist_has(b, a->item[i]))
			return false;
	}
	return true;
}

struct strlist
strlist_with(struct arena *arena, const struct strlist *list, const char *text)
{
	struct strlist copy = {.item = arena_array(arena, list->count + 1, sizeof(*copy.item))};

	for (; copy.count < list->count; copy.count++)
		copy.item[copy.count] = list->item[copy.count];
	if (!strlist_has(&copy, text))
		copy.item[copy.count++] = text;
	return copy;
}

char *
strlist_join(struct arena *arena, const struct strlist *list, char separator)
{
	size_t size = 1;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->item[i]) + 1;

	char *text = arena_alloc(arena, size);
	char *end = text;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			*end++ = separator;
		end = stpcpy(end, list->item[i]);
	}
	return text;
}
