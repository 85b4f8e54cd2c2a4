/* SPDX-License-Identifier: ISC */
/*
 * Where a realm's people come from (core/model/source.h). The first source that is added comes
 * after the realm's own accounts, which stay; what names are looked up in at once (local, table)
 * stands before services, which are asked for those that are left.
 */
#ifndef OSTIARY_MANAGE_SOURCE_H
#define OSTIARY_MANAGE_SOURCE_H

#include "core/manage/manage.h"
#include "core/model/source.h"

/* An option as it was written; "": its default again. */
struct manage_source_option {
	const char *name, *value;
};

struct manage_source_edit {
	const char *kind; /* of a new one; NULL: it is there */
	int64_t position; /* -1: as it is; of a new one: behind all others */
	const struct manage_source_option *options;
	size_t count;
};

/* Whether manage_source_add() or, without edit->kind, manage_source_set() would do it, as far as
 * can be seen now: what cannot be is said before anybody is asked. Writes nothing. */
enum manage_verdict manage_source_try(struct tx *tx, const char *name,
				      const struct manage_source_edit *edit, struct buf *why);

/* Adds a source. */
enum manage_verdict manage_source_add(struct tx *tx, const char *name,
				      const struct manage_source_edit *edit, struct buf *why);

/* Changes one; all or nothing. */
enum manage_verdict manage_source_set(struct tx *tx, const char *name,
				      const struct manage_source_edit *edit, struct buf *why);

/* The one of a name, of tx->realm as it was read. */
enum manage_verdict manage_source_find(struct tx *tx, const char *name,
				       const struct source **source, struct buf *why);

/* People who come from it cannot sign in any more; without any source left the realm has its own
 * accounts. */
enum manage_verdict manage_source_remove(struct tx *tx, const char *name, struct buf *why);

/* How many accounts come from it. */
enum manage_verdict manage_source_people(struct tx *tx, const char *name, int64_t *count,
					 struct buf *why);

#endif
