/* SPDX-License-Identifier: ISC */
/*
 * JSON: what the validator accepts json-c takes as well; written and read again it is the same
 * text; no key was lost between the two, which is how duplicates and cut keys would show.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

/* Colons outside strings: one for each member in the text. */
static size_t
count_members(const char *text, size_t size)
{
	size_t count = 0;
	int is_inside = 0;

	for (size_t i = 0; i < size; i++) {
		if (is_inside && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			is_inside = !is_inside;
		else if (!is_inside && text[i] == ':')
			count++;
	}
	return count;
}

static void
check_value(struct arena *arena, struct json_object *value, const char *text, size_t size)
{
	size_t first_size;
	size_t second_size;
	const char *why = NULL;
	const char *first = json_write(arena, value, &first_size);

	require(strlen(first) == first_size);
	require(count_members(first, first_size) == count_members(text, size));
	if (first_size > JSON_TEXT_MAX)
		return;

	struct json_object *again = json_parse(arena, first, first_size, &why);

	require(again != NULL);
	require(json_object_equal(value, again));

	const char *second = json_write(arena, again, &second_size);

	require(first_size == second_size && memcmp(first, second, first_size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	const char *text = (const char *)data;
	const char *why = NULL;
	struct json_object *value = json_parse(arena, text, size, &why);

	require(value != NULL || why != NULL);
	if (value != NULL)
		check_value(arena, value, text, size);
	else if (json_valid(text, size, arena, NULL))
		require(strcmp(why, "the document is null") == 0);
	arena_free(arena);
	return 0;
}
