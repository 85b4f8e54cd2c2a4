/* SPDX-License-Identifier: ISC */
/*
 * Search filters of the configuration with what people typed put into them. The value is escaped
 * (RFC 4515 3), so that no name can be more than a value.
 */
#ifndef OSTIARY_PAMD_LDAP_FILTER_H
#define OSTIARY_PAMD_LDAP_FILTER_H

#include <stddef.h>

struct arena;
struct buf;

#define FILTER_MAX 8192 /* bytes of an expanded filter */

/* Letters, digits and harmless signs as they are, every other byte as \xx. */
void filter_escape(struct buf *out, const char *value, size_t size);

/*
 * The filter with %u as the user's name, %d as the entry's DN and %% as a percent sign. NULL when
 * another letter follows a percent sign, when it wants a value that is NULL, or when the result
 * would be longer than FILTER_MAX.
 */
const char *filter_expand(struct arena *arena, const char *filter, const char *username,
			  const char *dn);

/*
 * What is wrong with a filter of the configuration, or NULL: one pair of parentheses around it, all
 * balanced, and of the variables only those allowed ("ud"); at least one when it must vary.
 */
const char *filter_mistake(struct arena *arena, const char *filter, const char *allowed,
			   int must_vary);

#endif
