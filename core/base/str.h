/* SPDX-License-Identifier: ISC */
/*
 * Text that is NUL-terminated and lists of it: comparison, prefixes, the space-separated lists that
 * OAuth uses for scopes, prompts and the like, and UTF-8 validity.
 */
#ifndef OSTIARY_BASE_STR_H
#define OSTIARY_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct strlist {
	const char **item;
	size_t count;
};

/* Equal, byte for byte. NULL equals only NULL. Not for secrets: see hash_equal(). */
bool str_equal(const char *a, const char *b);

/* Equal when A-Z and a-z are the same. NULL equals only NULL. */
bool str_equal_nocase(const char *a, const char *b);

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* True for NULL and "". */
static inline bool
str_empty(const char *text)
{
	return !text || *text == '\0';
}

/* ASCII lower case copy. */
char *str_lower(struct arena *arena, const char *text);

/* Every byte of text is printable ASCII (0x20-0x7E). */
bool str_printable(const char *text);

/* A copy of at most max bytes in which every byte that is not printable ASCII is '?': of what
 * others say of themselves, for reading. NULL gives NULL. */
char *str_visible(struct arena *arena, const char *text, size_t max);

/* size bytes are well-formed UTF-8: shortest form, no surrogates, at most U+10FFFF (RFC 3629). */
bool utf8_valid(const char *text, size_t size);

/*
 * Splits at separator; runs of separators and those at the ends make no empty items. NULL text
 * gives an empty list. Returns -1 when there would be more than max items (RFC 6749 3.3 for
 * scopes).
 */
int strlist_split(struct arena *arena, const char *text, char separator, size_t max,
		  struct strlist *list) __attribute__((warn_unused_result));

bool strlist_has(const struct strlist *list, const char *text);

/* The items of a that are also in b, in the order of a, duplicates dropped. */
struct strlist strlist_intersect(struct arena *arena, const struct strlist *a,
				 const struct strlist *b);

/* Every item of a is in b. */
bool strlist_within(const struct strlist *a, const struct strlist *b);

/* A copy of list with text appended unless it is there already. */
struct strlist strlist_with(struct arena *arena, const struct strlist *list, const char *text);

/* The items with separator between them; "" for an empty list. */
char *strlist_join(struct arena *arena, const struct strlist *list, char separator);

#endif
