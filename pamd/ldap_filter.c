/* SPDX-License-Identifier: ISC */
/*
 * Search filters (RFC 4515): escaping of values, expansion of variables, and what the checker says
 * of a filter before any directory has seen it.
 */
#include "pamd/ldap_filter.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/str.h"

/* Everything that is not here is escaped: more than RFC 4515 asks for, and always allowed. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "@._-+,= ";

void
filter_escape(struct buf *out, const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)value[i];

		if (byte && strchr(plain, byte))
			buf_add_char(out, value[i]);
		else
			buf_printf(out, "\\%02x", byte);
	}
}

/* The value of a variable; NULL when there is none of this letter. */
static const char *
value_of(char letter, const char *username, const char *dn)
{
	switch (letter) {
	case 'u':
		return username;
	case 'd':
		return dn;
	default:
		return NULL;
	}
}

const char *
filter_expand(struct arena *arena, const char *filter, const char *username, const char *dn)
{
	struct buf out;

	buf_init(&out, arena, FILTER_MAX);
	for (const char *p = filter; *p; p++) {
		const char *value;

		if (*p != '%') {
			buf_add_char(&out, *p);
			continue;
		}
		p++;
		if (*p == '%') {
			buf_add_char(&out, '%');
			continue;
		}
		value = value_of(*p, username, dn);
		if (!value)
			return NULL;
		filter_escape(&out, value, strlen(value));
	}
	return buf_failed(&out) ? NULL : out.data;
}

/* Whether the first parenthesis is closed by the last character and no sooner. */
static int
enclosed(const char *filter)
{
	size_t depth = 0;

	for (const char *p = filter; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && (depth == 0 || (--depth == 0 && p[1])))
			return 0;
		if (depth == 0 && p[1])
			return 0;
	}
	return *filter == '(' && depth == 0;
}

const char *
filter_mistake(struct arena *arena, const char *filter, const char *allowed, int must_vary)
{
	int varies = 0;

	if (!enclosed(filter))
		return "is not one filter in balanced parentheses, such as (uid=%u)";
	for (const char *p = strchr(filter, '%'); p; p = strchr(p + 2, '%')) {
		if (p[1] == '%')
			continue;
		if (!p[1] || !strchr(allowed, p[1]))
			return arena_printf(arena, "has %%%.1s; only %s and %%%% are known here",
					    str_visible(arena, p + 1, 1),
					    strlen(allowed) > 1 ? "%u, %d" : "%u");
		varies = 1;
	}
	if (must_vary && !varies)
		return "is the same for everybody: %u stands for the name";
	return NULL;
}
