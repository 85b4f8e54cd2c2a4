/* SPDX-License-Identifier: ISC */
/*
 * How long an answer may be kept.
 */
#include "fetch/cache_control.h"

#include "tests/core/base/check.h"

static void
ages(void **state)
{
	static const struct {
		const char *name, *text;
		int64_t age;
	} cases[] = {
		{"nothing", "", -1},
		{"blanks", "  \t ", -1},
		{"only commas", ",,,", -1},
		{"nothing of ours", "public, must-revalidate", -1},
		{"max-age", "max-age=3600", 3600},
		{"zero", "max-age=0", 0},
		{"among others", "public, max-age=60 , immutable", 60},
		{"any case", "Max-Age=60", 60},
		{"quoted", "max-age=\"60\"", 60},
		{"blanks around", "max-age = 60", 60},
		{"tabs", "\tmax-age\t=\t60\t", 60},
		{"the smaller of two", "max-age=60, max-age=30", 30},
		{"no-store", "no-store", 0},
		{"no-cache", "No-Cache", 0},
		{"no-cache of a field", "no-cache=\"Set-Cookie, X\"", 0},
		{"no-store goes before", "max-age=60, no-store", 0},
		{"no number", "max-age=soon", 0},
		{"negative", "max-age=-1", 0},
		{"sign", "max-age=+60", 0},
		{"fraction", "max-age=1.5", 0},
		{"empty", "max-age=", 0},
		{"without a value", "max-age", 0},
		{"half a quote", "max-age=\"60", 0},
		{"greatest", "max-age=2147483648", CACHE_AGE_MAX},
		{"greater", "max-age=2147483649", CACHE_AGE_MAX},
		{"far greater", "max-age=99999999999999999999999999999999", CACHE_AGE_MAX},
		{"another name", "s-maxage=60, xmax-age=5, max-agex=5", -1},
		{"within quotes", "x=\"a, max-age=5\"", -1},
		{"within quotes, escaped", "x=\"a\\\", max-age=5\", max-age=7", 7},
		{"quote never closed", "x=\", max-age=5", -1},
		{"backslash at the end", "x=\"\\", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* without the NUL behind it: header lines have none */
		size_t size = strlen(cases[i].text);
		char *text = malloc(size + 1);

		memcpy(text, cases[i].text, size);
		text[size] = '9';
		int64_t age = cache_control_max_age(text, size);

		free(text);
		if (age != cases[i].age)
			fail_msg("case \"%s\": %d instead of %d", cases[i].name, (int)age,
				 (int)cases[i].age);
	}
}

static void
the_stricter_of_two(void **state)
{
	static const struct {
		const char *name;
		int64_t a, b, wanted;
	} cases[] = {
		{"neither", -1, -1, -1},  {"the first", 5, -1, 5},   {"the second", -1, 5, 5},
		{"the smaller", 5, 3, 3}, {"and reversed", 3, 5, 3}, {"zero", 0, 5, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(cache_control_stricter(cases[i].a, cases[i].b) == cases[i].wanted,
		      cases[i].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(ages),
					   cmocka_unit_test(the_stricter_of_two)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
