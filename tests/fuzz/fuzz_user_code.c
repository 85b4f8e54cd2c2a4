/* SPDX-License-Identifier: ISC */
/*
 * User codes as people type them: whatever is accepted has eight letters of the alphabet, is in
 * what was typed, in order, and comes back the same when it is shown and typed again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/model/device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)1 << 20);
	const char *typed = arena_copy(arena, data, size);
	const char *code = user_code_normalise(arena, typed);

	if (code) {
		const char *p = typed;

		require(strlen(typed) <= USER_CODE_INPUT_MAX);
		require(strlen(code) == USER_CODE_SIZE);
		require(strspn(code, USER_CODE_LETTERS) == USER_CODE_SIZE);
		for (const char *c = code; *c; c++) {
			p += strspn(p, "- \t");
			require((*p & ~0x20) == *c);
			p++;
		}
		require(p[strspn(p, "- \t")] == '\0');
		require(str_equal(user_code_normalise(arena, user_code_show(arena, code)), code));
		require(str_equal(user_code_normalise(arena, str_lower(arena, code)), code));
	}
	arena_free(arena);
	return 0;
}
