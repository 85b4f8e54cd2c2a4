/* SPDX-License-Identifier: ISC */
/*
 * Text: UTF-8 with every kind of bad form first, then comparisons and lists.
 */
#include "core/base/str.h"

#include "check.h"

static const struct {
	const char *name;
	const char *text;
	size_t size;
	bool is_valid;
} utf8_cases[] = {
	{"lone continuation", "\x80", 1, false},
	{"highest continuation alone", "\xBF", 1, false},
	{"overlong NUL", "\xC0\x80", 2, false},
	{"overlong slash, 2 bytes", "\xC0\xAF", 2, false},
	{"overlong, C1", "\xC1\xBF", 2, false},
	{"overlong slash, 3 bytes", "\xE0\x80\xAF", 3, false},
	{"overlong, E0 9F", "\xE0\x9F\xBF", 3, false},
	{"overlong slash, 4 bytes", "\xF0\x80\x80\xAF", 4, false},
	{"overlong, F0 8F", "\xF0\x8F\xBF\xBF", 4, false},
	{"surrogate D800", "\xED\xA0\x80", 3, false},
	{"surrogate DFFF", "\xED\xBF\xBF", 3, false},
	{"above 10FFFF", "\xF4\x90\x80\x80", 4, false},
	{"lead F5", "\xF5\x80\x80\x80", 4, false},
	{"lead FF", "\xFF", 1, false},
	{"lead FE", "\xFE\x80\x80\x80", 4, false},
	{"cut after 1 of 2", "\xC3", 1, false},
	{"cut after 2 of 3", "\xE2\x82", 2, false},
	{"cut after 3 of 4", "\xF0\x9F\x98", 3, false},
	{"second is ASCII", "\xC3(", 2, false},
	{"third is ASCII", "\xE2\x82(", 3, false},
	{"fourth is ASCII", "\xF0\x9F\x98(", 4, false},
	{"third is a lead byte", "\xE2\x82\xC3", 3, false},
	{"second too high", "\xC3\xC3", 2, false},
	{"good, then bad", "abc\xC3\xA9\x80", 6, false},
	{"empty", "", 0, true},
	{"NUL is a character", "a\0b", 3, true},
	{"lowest of 2", "\xC2\x80", 2, true},
	{"highest of 2", "\xDF\xBF", 2, true},
	{"lowest of 3", "\xE0\xA0\x80", 3, true},
	{"before the surrogates", "\xED\x9F\xBF", 3, true},
	{"behind the surrogates", "\xEE\x80\x80", 3, true},
	{"highest of 3", "\xEF\xBF\xBF", 3, true},
	{"lowest of 4", "\xF0\x90\x80\x80", 4, true},
	{"10FFFF", "\xF4\x8F\xBF\xBF", 4, true},
	{"mixed", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z", 11, true},
};

static void
test_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(utf8_cases); i++) {
		/* an exact copy, so that a sanitizer sees a read behind the end */
		char *copy = malloc(utf8_cases[i].size + 1);

		assert_non_null(copy);
		memcpy(copy + 1, utf8_cases[i].text, utf8_cases[i].size);
		check(utf8_valid(copy + 1, utf8_cases[i].size) == utf8_cases[i].is_valid,
		      utf8_cases[i].name);
		free(copy);
	}
}

static const struct {
	const char *name;
	const char *a;
	const char *b;
	bool equal;
	bool equal_nocase;
	bool starts;
	bool ends;
} pairs[] = {
	{"same", "abc", "abc", true, true, true, true},
	{"case", "aBc", "AbC", false, true, false, false},
	{"not letters 32 apart", "[", "{", false, false, false, false},
	{"at sign and backquote", "@", "`", false, false, false, false},
	{"prefix", "abc", "ab", false, false, true, false},
	{"suffix", "abc", "bc", false, false, false, true},
	{"longer b", "ab", "abc", false, false, false, false},
	{"empty b", "ab", "", false, false, true, true},
	{"both empty", "", "", true, true, true, true},
	{"empty a", "", "a", false, false, false, false},
	{"NULL a", NULL, "a", false, false, false, false},
	{"NULL a, empty b", NULL, "", false, false, false, false},
	{"non-ASCII is not folded", "\xC3\xA9", "\xC3\x89", false, false, false, false},
};

static void
test_comparisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		check(str_equal(pairs[i].a, pairs[i].b) == pairs[i].equal, pairs[i].name);
		check(str_equal(pairs[i].b, pairs[i].a) == pairs[i].equal, pairs[i].name);
		check(str_equal_nocase(pairs[i].a, pairs[i].b) == pairs[i].equal_nocase,
		      pairs[i].name);
		check(str_equal_nocase(pairs[i].b, pairs[i].a) == pairs[i].equal_nocase,
		      pairs[i].name);
		check(str_starts(pairs[i].a, pairs[i].b) == pairs[i].starts, pairs[i].name);
		check(str_ends(pairs[i].a, pairs[i].b) == pairs[i].ends, pairs[i].name);
	}
	assert_true(str_equal(NULL, NULL));
	assert_true(str_equal_nocase(NULL, NULL));
}

static void
test_small_ones(void **state)
{
	struct arena *arena = *state;

	assert_true(str_empty(NULL));
	assert_true(str_empty(""));
	assert_false(str_empty(" "));
	assert_string_equal(str_lower(arena, "AZaz[@`{09\xC3\x89"), "azaz[@`{09\xC3\x89");
	assert_null(str_lower(arena, NULL));
	assert_true(str_printable(""));
	assert_true(str_printable(" azAZ09~"));
	assert_false(str_printable("a\x1F"));
	assert_false(str_printable("\x7F"));
	assert_false(str_printable("\x80"));
	assert_false(str_printable("a\nb"));
	assert_false(str_printable(NULL));
}

static void
test_visible(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *wanted;
	} cases[] = {
		{"Browser/1.0 (x)", 255, "Browser/1.0 (x)"},
		{"Browser/1.0", 7, "Browser"},
		{"Browser", 7, "Browser"},
		{"a\nb\x7f\x1f\tc", 255, "a?b???c"},
		{"\xc3\xa4", 255, "??"},
		{"\xc3\xa4", 1, "?"},
		{"", 255, ""},
		{"x", 0, ""},
		{NULL, 255, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		check_text(str_visible(*state, cases[i].text, cases[i].max), cases[i].wanted,
			   cases[i].wanted ? cases[i].wanted : "NULL");
}

static const struct {
	const char *name;
	const char *text;
	size_t max;
	int result;
	const char *joined;
} splits[] = {
	{"one too many", "a b c", 2, -1, ""},
	{"none allowed", "a", 0, -1, ""},
	{"NULL", NULL, 0, 0, ""},
	{"empty", "", 0, 0, ""},
	{"separators only", "   ", 0, 0, ""},
	{"exactly as many", "a b c", 3, 0, "a,b,c"},
	{"runs and ends", "  a   bc ", 2, 0, "a,bc"},
	{"a tab is no separator", "a\tb c", 2, 0, "a\tb,c"},
	{"duplicates stay", "a a", 2, 0, "a,a"},
};

static void
test_split_and_join(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(splits); i++) {
		struct strlist list = {.count = 99};
		int result = strlist_split(arena, splits[i].text, ' ', splits[i].max, &list);

		check(result == splits[i].result, splits[i].name);
		check_text(strlist_join(arena, &list, ','), splits[i].joined, splits[i].name);
	}
}

static struct strlist
split(struct arena *arena, const char *text)
{
	struct strlist list;

	assert_int_equal(strlist_split(arena, text, ' ', 10, &list), 0);
	return list;
}

static void
test_lists_as_sets(void **state)
{
	struct arena *arena = *state;
	struct strlist abc = split(arena, "a b c");
	struct strlist cbb = split(arena, "c b b x");
	struct strlist none = {0};
	struct strlist both = strlist_intersect(arena, &cbb, &abc);

	assert_string_equal(strlist_join(arena, &both, ' '), "c b");
	both = strlist_intersect(arena, &abc, &none);
	assert_int_equal(both.count, 0);
	assert_true(strlist_has(&abc, "b"));
	assert_false(strlist_has(&abc, "B"));
	assert_false(strlist_has(&abc, ""));
	assert_false(strlist_has(&none, "a"));

	assert_true(strlist_within(&none, &abc));
	assert_true(strlist_within(&abc, &abc));
	assert_false(strlist_within(&cbb, &abc));
	assert_false(strlist_within(&abc, &none));

	struct strlist more = strlist_with(arena, &abc, "d");
	struct strlist same = strlist_with(arena, &abc, "b");

	assert_string_equal(strlist_join(arena, &more, ' '), "a b c d");
	assert_string_equal(strlist_join(arena, &same, ' '), "a b c");
	assert_int_equal(abc.count, 3);
	more = strlist_with(arena, &none, "d");
	assert_string_equal(strlist_join(arena, &more, ' '), "d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),     cmocka_unit_test(test_comparisons),
		arena_test(test_small_ones),     arena_test(test_visible),
		arena_test(test_split_and_join), arena_test(test_lists_as_sets),
	};

	return cmocka_run_group_tests_name("base str", tests, NULL, NULL);
}
