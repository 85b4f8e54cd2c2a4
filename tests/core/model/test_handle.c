/* SPDX-License-Identifier: ISC */
/*
 * Handles: what leaves comes back, only with its prefix, and no other text is one.
 */
#include "core/model/handle.h"

#include "core/base/str.h"
#include "tests/core/base/check.h"

static const char *const prefixes[] = {HANDLE_CODE, HANDLE_ACCESS, HANDLE_SESSION, HANDLE_DEVICE,
				       HANDLE_PUSHED};

static void
round_trip(void **state)
{
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		struct handle made, read;
		const char *text;

		handle_make(&rand_system, 1800000000000, &made);
		text = handle_text(*state, prefixes[i], &made);
		check(str_starts(text, prefixes[i]) && strlen(text) <= HANDLE_TEXT_MAX, text);
		check(handle_parse(prefixes[i], text, &read) == 0, text);
		assert_memory_equal(read.id, made.id, ID_SIZE);
		assert_memory_equal(read.secret, made.secret, HANDLE_SECRET_SIZE);
		assert_memory_equal(read.hash, made.hash, SHA256_SIZE);
		for (size_t j = 0; j < COUNT(prefixes); j++)
			if (j != i)
				check(handle_parse(prefixes[j], text, &read) == -1, prefixes[j]);
	}
}

static void
other_texts(void **state)
{
	struct handle made, read;
	const char *text;
	const char *bad[6];

	handle_make(&rand_system, 1800000000000, &made);
	text = handle_text(*state, HANDLE_CODE, &made);
	bad[0] = "";
	bad[1] = HANDLE_CODE;
	bad[2] = arena_printf(*state, "%sA", text);
	bad[3] = arena_printf(*state, "%.*s", (int)strlen(text) - 1, text);
	bad[4] = arena_printf(*state, "%s=", text);
	bad[5] = arena_printf(*state, " %s", text);
	for (size_t i = 0; i < COUNT(bad); i++)
		check(handle_parse(HANDLE_CODE, bad[i], &read) == -1, bad[i]);
	assert_int_equal(handle_parse(HANDLE_CODE, NULL, &read), -1);
}

/* Every character counts: with one changed it is no handle, or another one. */
static void
every_character(void **state)
{
	struct handle made, read;
	const char *text;

	handle_make(&rand_system, 1800000000000, &made);
	text = handle_text(*state, HANDLE_ACCESS, &made);
	for (size_t i = 0; text[i]; i++) {
		for (int byte = 1; byte < 256; byte++) {
			char *changed = arena_strdup(*state, text);

			if ((char)byte == text[i])
				continue;
			changed[i] = (char)byte;
			if (handle_parse(HANDLE_ACCESS, changed, &read) != 0)
				continue;
			check(i >= strlen(HANDLE_ACCESS), changed);
			check(memcmp(read.id, made.id, ID_SIZE) != 0 ||
				      memcmp(read.hash, made.hash, SHA256_SIZE) != 0,
			      changed);
		}
	}
}

static void
fresh_secrets(void **state)
{
	struct handle one, two;

	(void)state;
	handle_make(&rand_system, 1800000000000, &one);
	two = one;
	handle_renew(&rand_system, &two);
	assert_memory_equal(one.id, two.id, ID_SIZE);
	assert_memory_not_equal(one.secret, two.secret, HANDLE_SECRET_SIZE);
	assert_memory_not_equal(one.hash, two.hash, SHA256_SIZE);
	handle_make(&rand_system, 1800000000000, &two);
	assert_memory_not_equal(one.id, two.id, ID_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(round_trip),
		arena_test(other_texts),
		arena_test(every_character),
		cmocka_unit_test(fresh_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
