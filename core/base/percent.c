/* SPDX-License-Identifier: ISC */
/*
 * The one reader of percent escapes. Digits of either case are taken, as RFC 3986 2.1 demands.
 */
#include "core/base/percent.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int
percent_byte(const char *text, size_t left)
{
	if (left < 3 || hex_value(text[1]) < 0 || hex_value(text[2]) < 0)
		return -1;
	return hex_value(text[1]) << 4 | hex_value(text[2]);
}
