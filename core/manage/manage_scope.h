/* SPDX-License-Identifier: ISC */
/*
 * The scopes of a realm beside the standard ones: what people read when they are asked, and which
 * claims they release.
 */
#ifndef OSTIARY_MANAGE_SCOPE_H
#define OSTIARY_MANAGE_SCOPE_H

#include "core/manage/manage.h"

#define SCOPE_DESCRIPTION_MAX 500 /* bytes of one text */
#define SCOPE_LANGUAGES_MAX   32
#define SCOPE_CLAIMS_MAX      64

struct manage_scope_text {
	const char *language; /* "": for all others; "de", "pt-br" */
	const char *text;
};

struct manage_scope {
	const char *name;
	const struct manage_scope_text *texts; /* one of them for "" */
	size_t texts_count;
	struct strlist claims;
	struct strlist groups; /* only their people get it; none: everybody */
};

/* Adds a scope. */
enum manage_verdict manage_scope_add(struct tx *tx, const struct manage_scope *scope,
				     struct buf *why);

enum manage_verdict manage_scope_remove(struct tx *tx, const char *name, struct buf *why);

#endif
