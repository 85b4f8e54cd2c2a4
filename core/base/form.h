/* SPDX-License-Identifier: ISC */
/*
 * application/x-www-form-urlencoded, as query strings and bodies (RFC 6749 appendix B). Strict: a
 * bad escape, a NUL or bad UTF-8 refuses the whole text.
 */
#ifndef OSTIARY_BASE_FORM_H
#define OSTIARY_BASE_FORM_H

#include <stddef.h>

struct arena;
struct buf;

#define FORM_FIELDS_MAX 256

struct form_field {
	const char *name;
	const char *value;
};

struct form {
	struct form_field *field;
	size_t count;
};

enum form_verdict {
	FORM_OK,
	FORM_MALFORMED, /* bad escape, NUL or bad UTF-8 */
	FORM_TOO_MANY,  /* more than FORM_FIELDS_MAX fields */
};

/* Fields in the order they came; pieces without a name are dropped, a name without '=' has the
 * value "". */
enum form_verdict form_parse(struct arena *arena, const char *text, size_t size, struct form *form)
	__attribute__((warn_unused_result));

/* The first value of name, or NULL. */
const char *form_get(const struct form *form, const char *name);

/* Takes away fields without a value: they count as omitted (RFC 6749 3.1, 3.2). */
void form_drop_empty(struct form *form);

/* How often name occurs. */
size_t form_count(const struct form *form, const char *name);

/* One half of a client_secret_basic pair or any other single encoded text: NULL when malformed. */
char *form_decode(struct arena *arena, const char *text, size_t size)
	__attribute__((warn_unused_result));

#endif
