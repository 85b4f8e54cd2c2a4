/* SPDX-License-Identifier: ISC */
/*
 * Edits of a client's metadata document, driven by the table of its fields: what kind of JSON value
 * a piece of text becomes. Whether the whole makes sense is client_from_json()'s judgement.
 */
#ifndef OSTIARY_MANAGE_EDIT_H
#define OSTIARY_MANAGE_EDIT_H

#include "core/manage/manage_client.h"

/* 0, or -1 with a line in why. document is changed in place. */
int manage_edit_apply(struct arena *arena, struct json_object *document,
		      const struct manage_edit *edit, struct buf *why)
	__attribute__((warn_unused_result));

#endif
