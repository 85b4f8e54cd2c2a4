/* SPDX-License-Identifier: ISC */
/*
 * A realm is one issuer with its own clients, people, keys, scopes and settings. Realms are few and
 * read rarely: a worker holds a snapshot of all of them and reads it again when the generation
 * counter has moved, which it looks at once a second.
 */
#ifndef OSTIARY_MODEL_REALM_H
#define OSTIARY_MODEL_REALM_H

#include "core/base/rand.h"
#include "core/base/str.h"
#include "core/model/setting.h"
#include "core/model/store.h"

struct arena;
struct json_object;
struct profile;
struct resource;
struct source;

#define REALM_NAME_MAX   32 /* a-z 0-9 -, begins with a letter; never changes */
#define REALM_ISSUER_MAX 255
#define REALMS_MAX       1000
#define SCOPE_NAME_MAX   64
#define SCOPES_MAX       200 /* in one realm */
#define GROUP_NAME_MAX   128 /* bytes */
#define GROUPS_MAX       32  /* that one scope or client names */

/* A scope that clients may ask for. The six standard ones exist in every realm without a row. */
struct scope {
	const char *name; /* scope-token of RFC 6749 3.3 */
	struct json_object
		*description; /* {"": text, "de": text, …} by language; NULL for standard ones */
	struct strlist required_groups; /* only their people get it; none: everybody */
	const char *const
		*claims; /* NULL-terminated names of the claims it releases; may be NULL */
};

struct realm {
	uint32_t id;
	const char *name;
	const char *issuer; /* no trailing slash, no query, no fragment */
	const char *vhost;  /* value of the FastCGI parameter OSTIARY_VHOST that alone reaches it;
			       NULL: none */
	const char *display_name;
	const struct profile *profile;
	struct settings settings;
	int64_t epoch; /* grants and sessions made before are void; 0: none */
	struct scope *scopes;
	size_t scopes_count;
	const struct resource *resources; /* see core/model/resource.h */
	size_t resources_count;
	const struct source *sources; /* where its people come from, in order; never none. See
					 core/model/source.h */
	size_t sources_count;
};

struct realm_list {
	struct realm *realm;
	size_t count;
	int64_t generation;
};

/* A realm as it is written: documents are JSON text. */
struct realm_row {
	uint32_t id;
	const char *name, *issuer, *vhost, *display_name, *profile;
	const char *settings; /* only what differs from the defaults */
	int64_t epoch;
};

/*
 * 0, or -1 with *why. An issuer is https (http for loopback hosts where allow_http), has a host, no
 * query, fragment, user, trailing slash, and no path segment that is an endpoint's name or begins
 * with a dot (RFC 8414 2). Endpoint names: see realm.c.
 */
int realm_issuer_check(struct arena *arena, const char *issuer, bool allow_http, const char **why)
	__attribute__((warn_unused_result));
int realm_name_check(const char *name) __attribute__((warn_unused_result));
int scope_name_check(const char *name) __attribute__((warn_unused_result));

const struct scope *realm_scope(const struct realm *realm, const char *name);

/* The standard scopes openid profile email address phone offline_access with the claims they
 * release (OpenID Connect Core 5.4). */
const struct scope *scopes_standard(size_t *count);

/* ---- storage ---- */

/* The generation counter: moved by every change of a realm, key, scope, resource server or existing
 * client. */
enum store_verdict generation_read(struct store *store, int64_t *generation);
enum store_verdict generation_bump(struct store *store);

/* All realms with their scopes and resource servers, in the arena, and the generation they were
 * read at. */
enum store_verdict realm_load(struct store *store, struct arena *arena, struct realm_list *list);

/* CONFLICT when name, issuer or id is taken. These bump the generation themselves. */
enum store_verdict realm_insert(struct store *store, const struct realm_row *row, int64_t now);
enum store_verdict realm_update(struct store *store, const struct realm_row *row);
/* Removes the realm and everything in it. */
enum store_verdict realm_remove(struct store *store, uint32_t id);
/* The rows as written, for administration. */
enum store_verdict realm_row_find(struct store *store, struct arena *arena, const char *name,
				  struct realm_row *row);
/* description: JSON text; claims: names with blanks between; required_groups: names with newlines
 * between, NULL: none. */
struct scope_row {
	uint32_t realm_id;
	const char *name, *description, *claims, *required_groups;
};
enum store_verdict scope_put(struct store *store, const struct scope_row *row);
enum store_verdict scope_remove(struct store *store, uint32_t realm_id, const char *name);

#endif
