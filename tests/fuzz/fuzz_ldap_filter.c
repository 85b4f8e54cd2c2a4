/* SPDX-License-Identifier: ISC */
/*
 * Names in filters: whatever was typed, the filter has the same parentheses and signs as before,
 * and its value read back (RFC 4515 3) is what was typed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "pamd/ldap_filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

static uint8_t
digit(char c)
{
	require((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Reads a value up to its ')', as a directory would. */
static const char *
read_back(const char *filter, const char *wanted)
{
	for (; *filter != ')'; wanted++) {
		uint8_t byte = (uint8_t)*filter++;

		require(byte >= 0x20 && byte < 0x7f && !strchr("(*&|!", byte));
		if (byte == '\\') {
			byte = (uint8_t)(digit(filter[0]) << 4 | digit(filter[1]));
			filter += 2;
		}
		require(byte == (uint8_t)*wanted);
	}
	require(*wanted == '\0');
	return filter;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	const char *typed = arena_copy(arena, data, size);
	const char *filter = filter_expand(arena, "(&(uid=%u)(member=%d))", typed, typed);

	if (filter) {
		require(strncmp(filter, "(&(uid=", 7) == 0);
		filter = read_back(filter + 7, typed);
		require(strncmp(filter, ")(member=", 9) == 0);
		filter = read_back(filter + 9, typed);
		require(strcmp(filter, "))") == 0);
	}
	(void)filter_mistake(arena, typed, "ud", 1);
	arena_free(arena);
	return 0;
}
