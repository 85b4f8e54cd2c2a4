/* SPDX-License-Identifier: ISC */
/*
 * A resource server (RFC 8707, RFC 9068): an API that access tokens are for, by its identifier,
 * with the scopes it knows and how its tokens are made. The issuer itself is one without a row:
 * userinfo and the realm's own scopes.
 */
#ifndef OSTIARY_MODEL_RESOURCE_H
#define OSTIARY_MODEL_RESOURCE_H

#include "core/base/str.h"
#include "core/model/realm.h"

#define RESOURCE_IDENTIFIER_MAX    255
#define RESOURCE_NAME_MAX          255 /* bytes */
#define RESOURCE_SERVERS_MAX       200 /* in one realm */
#define RESOURCE_SCOPES_MAX        50  /* of one */
#define RESOURCE_INTROSPECTORS_MAX 64

struct resource {
	const char *identifier; /* absolute URI without fragment (RFC 8707 2) */
	const char *display_name;
	const struct scope *scopes; /* with descriptions; they release no claims */
	size_t scopes_count;
	/* what differs from the client's settings; -1 and NULL: nothing */
	int64_t access_token_lifetime, access_token_format;
	const char *access_token_alg;
	struct strlist introspection_clients; /* who may look at tokens that are for it */
};

/* As it is written: documents are JSON text. */
struct resource_row {
	uint32_t realm_id;
	const char *identifier, *display_name;
	const char *scopes;                /* {"read": {"": text, "de": text}, …} */
	const char *settings;              /* access_token_lifetime, _format, _alg */
	const char *introspection_clients; /* client ids with blanks between; NULL */
};

/* What is wrong with an identifier, or NULL: an absolute URI, no fragment, no blanks. */
const char *resource_identifier_mistake(struct arena *arena, const char *text);

/*
 * The settings that a resource server may have of its own, by their names; ended by NULL. They are
 * rows of settings_table().
 */
extern const char *const resource_settings[];

/* 0, or -1 with *why: the row's documents, strictly. Everything is copied to the arena. */
int resource_read(struct arena *arena, const struct resource_row *row, struct resource *resource,
		  const char **why) __attribute__((warn_unused_result));

const struct scope *resource_scope(const struct resource *resource, const char *name);

/* The realm's resource server of an identifier, or NULL; the issuer is none. */
const struct resource *realm_resource(const struct realm *realm, const char *identifier);

/* ---- storage: each change moves the generation ---- */

/* All of a realm, by identifier. */
enum store_verdict resource_rows(struct store *store, struct arena *arena, uint32_t realm_id,
				 struct resource_row **rows, size_t *count);
enum store_verdict resource_row_find(struct store *store, struct arena *arena, uint32_t realm_id,
				     const char *identifier, struct resource_row *row);
/* Inserts or replaces. */
enum store_verdict resource_put(struct store *store, const struct resource_row *row);
/* Gives each realm of the list what the database has of it, in one statement: a part of
 * realm_load(). A row that cannot be read is left out with a line in the log. */
enum store_verdict resource_load(struct store *store, struct arena *arena, struct realm_list *list);
enum store_verdict resource_remove(struct store *store, uint32_t realm_id, const char *identifier);

#endif
