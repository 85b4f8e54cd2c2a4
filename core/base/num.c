/* SPDX-License-Identifier: ISC */
/*
 * Integers from text. Digits are summed up on the negative side, since INT64_MIN has no positive
 * counterpart; every step is checked for overflow.
 */
#include "core/base/num.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool
add_digit(int64_t *sum, char c)
{
	return !__builtin_mul_overflow(*sum, 10, sum) &&
	       !__builtin_sub_overflow(*sum, c - '0', sum);
}

/* Reads digits up to end; at least one. */
static int
parse_digits(const char *text, const char *end, int64_t *negative)
{
	int64_t sum = 0;

	if (text == end)
		return -1;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9' || !add_digit(&sum, *text))
			return -1;
	}
	*negative = sum;
	return 0;
}

int
num_parse_int64(const char *text, int64_t min, int64_t max, int64_t *value)
{
	int64_t result = 0;

	if (text == NULL)
		return -1;

	bool is_negative = *text == '-';

	if (is_negative)
		text++;
	if (parse_digits(text, text + strlen(text), &result) != 0)
		return -1;
	if (!is_negative && __builtin_sub_overflow(0, result, &result))
		return -1;
	if (result < min || result > max)
		return -1;
	*value = result;
	return 0;
}

static const struct {
	char unit;
	int64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

int
num_parse_duration(const char *text, int64_t min, int64_t max, int64_t *seconds)
{
	int64_t factor = 1;
	int64_t result = 0;

	if (text == NULL || *text == '\0')
		return -1;

	const char *end = text + strlen(text);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end[-1] == units[i].unit) {
			factor = units[i].seconds;
			end--;
			break;
		}
	}
	if (parse_digits(text, end, &result) != 0)
		return -1;
	if (__builtin_mul_overflow(result, -factor, &result))
		return -1;
	if (result < min || result > max)
		return -1;
	*seconds = result;
	return 0;
}
