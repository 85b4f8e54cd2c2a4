/* SPDX-License-Identifier: ISC */
/*
 * The resource servers of a realm: APIs that access tokens are for, with their scopes, what differs
 * in the tokens that are made for them, and who may look at those (core/model/resource.h).
 */
#ifndef OSTIARY_MANAGE_RESOURCE_H
#define OSTIARY_MANAGE_RESOURCE_H

#include "core/manage/manage.h"
#include "core/model/resource.h"

enum manage_resource_part {
	RESOURCE_NAME,              /* value: what people read; "": none */
	RESOURCE_SCOPE,             /* name, language, value: its description */
	RESOURCE_SCOPE_DROP,        /* name */
	RESOURCE_SETTING,           /* name of resource_settings; value "": the client's again */
	RESOURCE_INTROSPECTOR,      /* name: a client id */
	RESOURCE_INTROSPECTOR_DROP, /* name */
};

struct manage_resource_edit {
	enum manage_resource_part part;
	const char *name, *language, *value;
};

/* Adds a resource server. */
enum manage_verdict manage_resource_add(struct tx *tx, const char *identifier,
					const struct manage_resource_edit *edits, size_t count,
					struct buf *why);

/* Changes one; all edits or none. */
enum manage_verdict manage_resource_set(struct tx *tx, const char *identifier,
					const struct manage_resource_edit *edits, size_t count,
					struct buf *why);

/* The one of an identifier, of tx->realm as it was read. */
enum manage_verdict manage_resource_find(struct tx *tx, const char *identifier,
					 const struct resource **resource, struct buf *why);

enum manage_verdict manage_resource_remove(struct tx *tx, const char *identifier, struct buf *why);

#endif
