/* SPDX-License-Identifier: ISC */
/*
 * Numbers: what is not a number first, then the ends of the range.
 */
#include "core/base/num.h"

#include "check.h"

#define UNTOUCHED 4711

static const struct {
	const char *name;
	const char *text;
	int64_t min;
	int64_t max;
	int result;
	int64_t value;
} integers[] = {
	{"NULL", NULL, INT64_MIN, INT64_MAX, -1, 0},
	{"empty", "", INT64_MIN, INT64_MAX, -1, 0},
	{"minus alone", "-", INT64_MIN, INT64_MAX, -1, 0},
	{"plus", "+1", INT64_MIN, INT64_MAX, -1, 0},
	{"two minus", "--1", INT64_MIN, INT64_MAX, -1, 0},
	{"blank in front", " 1", INT64_MIN, INT64_MAX, -1, 0},
	{"blank behind", "1 ", INT64_MIN, INT64_MAX, -1, 0},
	{"newline behind", "1\n", INT64_MIN, INT64_MAX, -1, 0},
	{"hexadecimal", "0x10", INT64_MIN, INT64_MAX, -1, 0},
	{"letter", "1a", INT64_MIN, INT64_MAX, -1, 0},
	{"slash, below the digits", "/", INT64_MIN, INT64_MAX, -1, 0},
	{"colon, above the digits", ":", INT64_MIN, INT64_MAX, -1, 0},
	{"fraction", "1.0", INT64_MIN, INT64_MAX, -1, 0},
	{"over int64", "9223372036854775808", INT64_MIN, INT64_MAX, -1, 0},
	{"under int64", "-9223372036854775809", INT64_MIN, INT64_MAX, -1, 0},
	{"wraps to a small one", "18446744073709551617", INT64_MIN, INT64_MAX, -1, 0},
	{"far over", "99999999999999999999999999", INT64_MIN, INT64_MAX, -1, 0},
	{"over the maximum", "11", 0, 10, -1, 0},
	{"under the minimum", "-1", 0, 10, -1, 0},
	{"largest", "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
	{"smallest", "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
	{"the maximum", "10", 0, 10, 0, 10},
	{"the minimum", "0", 0, 10, 0, 0},
	{"minus zero", "-0", 0, 10, 0, 0},
	{"leading zeros", "007", 0, 10, 0, 7},
};

static void
test_integers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(integers); i++) {
		int64_t value = UNTOUCHED;
		int64_t wanted = integers[i].result == 0 ? integers[i].value : UNTOUCHED;
		int result =
			num_parse_int64(integers[i].text, integers[i].min, integers[i].max, &value);

		check(result == integers[i].result, integers[i].name);
		check(value == wanted, integers[i].name);
	}
}

static const struct {
	const char *name;
	const char *text;
	int result;
	int64_t seconds;
} durations[] = {
	{"NULL", NULL, -1, 0},
	{"empty", "", -1, 0},
	{"unit alone", "m", -1, 0},
	{"two units", "1hm", -1, 0},
	{"unknown unit", "1w", -1, 0},
	{"upper case", "1H", -1, 0},
	{"compound", "1h30m", -1, 0},
	{"negative", "-1m", -1, 0},
	{"blank", "1 m", -1, 0},
	{"fraction", "1.5h", -1, 0},
	{"under the minimum", "9", -1, 0},
	{"over the maximum", "31d", -1, 0},
	{"over int64 by its unit", "106751991167301d", -1, 0},
	{"over int64", "9223372036854775808", -1, 0},
	{"smallest int64", "9223372036854775808s", -1, 0},
	{"the minimum", "10", 0, 10},
	{"seconds", "90s", 0, 90},
	{"minutes", "10m", 0, 600},
	{"hours", "2h", 0, 7200},
	{"the maximum", "30d", 0, 2592000},
};

static void
test_durations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(durations); i++) {
		int64_t value = UNTOUCHED;
		int64_t wanted = durations[i].result == 0 ? durations[i].seconds : UNTOUCHED;
		int result = num_parse_duration(durations[i].text, 10, 2592000, &value);

		check(result == durations[i].result, durations[i].name);
		check(value == wanted, durations[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests_name("base num", tests, NULL, NULL);
}
