/* SPDX-License-Identifier: ISC */
/*
 * A client as an immutable snapshot. Its metadata (RFC 7591 names) is one JSON document in storage;
 * one table maps members to fields, checks them and documents them, for the command line as for
 * everything else.
 */
#ifndef OSTIARY_MODEL_CLIENT_H
#define OSTIARY_MODEL_CLIENT_H

#include "core/base/hash.h"
#include "core/base/rand.h"
#include "core/base/str.h"
#include "core/model/setting.h"
#include "core/model/store.h"

struct arena;
struct buf;
struct json_object;
struct profile;

#define CLIENT_ID_MAX        64
#define CLIENT_SECRET_PREFIX "ost_cs_" /* secret scanners find what looks like this */
#define CLIENT_SECRETS_MAX   16
#define CLIENT_URIS_MAX      64
#define CLIENT_METADATA_MAX  32768

enum client_auth_method { CLIENT_AUTH_NONE, CLIENT_AUTH_SECRET_BASIC, CLIENT_AUTH_SECRET_POST };
enum application_type { APPLICATION_WEB, APPLICATION_NATIVE };
enum client_introspection { INTROSPECT_OWN, INTROSPECT_ALL };

struct client_secret {
	uint8_t id[ID_SIZE];
	uint8_t hash[SHA256_SIZE];      /* of the secret's text */
	int64_t created_at, expires_at; /* 0: never */
};

struct client {
	uint32_t realm_id;
	const char *client_id;
	bool enabled;
	int64_t version; /* of the row; moves with each change */
	int64_t created_at;

	/* metadata */
	const char *client_name, *client_uri, *logo_uri, *policy_uri, *tos_uri;
	int64_t token_endpoint_auth_method; /* enum client_auth_method */
	int64_t application_type;           /* enum application_type */
	struct strlist redirect_uris, post_logout_redirect_uris;
	struct strlist origins;        /* CORS: "https://app.example" */
	struct strlist grant_types;    /* authorization_code refresh_token */
	struct strlist response_types; /* code */
	struct strlist scopes; /* "scope": what it may ask for; empty: every scope of the realm */
	struct strlist contacts;
	const char *profile; /* policy profile; "oauth21" */
	bool first_party;    /* consent is not asked */
	bool require_auth_time;
	int64_t default_max_age;  /* seconds; -1: none */
	int64_t introspection;    /* enum client_introspection: whose tokens it may look at */
	struct settings settings; /* the realm's with the client's own over them */
	uint64_t own_settings;    /* bit i: row i of settings_table() is the client's own */

	const struct client_secret
		*secrets; /* not yet expired ones and others: the caller compares times */
	size_t secrets_count;
};

enum metadata_type {
	META_TEXT,
	META_URI,
	META_LIST,
	META_URI_LIST,
	META_SCOPE,
	META_CHOICE,
	META_CHOICE_LIST,
	META_BOOL,
	META_INT,
	META_SETTINGS
};

struct metadata_field {
	const char *name; /* RFC 7591, OpenID Connect registration, or ours */
	enum metadata_type type;
	size_t offset; /* in struct client */
	int64_t max;   /* bytes of a text, items of a list, the greatest number */
	const char *const *choices;
	/* What is wrong with one text or item, or NULL; may be NULL. Sees the fields of rows
	 * before. */
	const char *(*check)(struct arena *arena, const struct client *client, const char *value);
	const char *help;
};

const struct metadata_field *client_metadata_table(size_t *count);
const struct metadata_field *client_metadata_field(const char *name);

/* Defaults of all metadata; settings are copied from the realm's. Leaves the row's other columns.
 */
void client_default(struct client *client, const struct settings *realm);

/*
 * Reads a metadata document over the defaults that client_default() has set; everything is copied
 * to the arena. -1 when something is refused; every reason is
 * appended to why, a line each
 * ("redirect_uris[1]: a fragment is not allowed (RFC 6749 3.1.2)"). Checks types, lengths, URIs
 * (absolute, https or http on loopback, or a private-use scheme with a dot for native ones: RFC
 * 8252 7.1), origins, choices, unknown members, and that all belongs together: a client with
 * authorization_code has a redirect URI, a public client is not first party with a loopback or
 * custom-scheme redirect, refresh_token goes with authorization_code.
 */
int client_from_json(struct arena *arena, struct json_object *metadata, struct client *client,
		     struct buf *why) __attribute__((warn_unused_result));

/* The metadata document: everything that differs from the defaults and the client's own settings,
 * or with all (for people to look at), everything with the settings in force. */
struct json_object *client_to_json(struct arena *arena, const struct client *client, bool all);

bool client_is_public(const struct client *client);
const char *client_auth_method_name(enum client_auth_method method);

/* ---- storage ---- */

/*
 * The client, valid until the request's arena is reset. Snapshots are kept by the store and used
 * again while the generation that the caller names is the one they were read at (generation < 0:
 * always read).
 */
enum store_verdict client_find(struct store *store, struct arena *arena, uint32_t realm_id,
			       const struct settings *realm, const char *client_id,
			       int64_t generation, const struct client **client);

struct client_row {
	uint32_t realm_id;
	const char *client_id;
	const char *metadata; /* JSON text */
	bool enabled;
	int64_t version, created_at;
};

enum store_verdict client_row_find(struct store *store, struct arena *arena, uint32_t realm_id,
				   const char *client_id, struct client_row *row);
/* After a client id, at most max of them, in their order. *count is set. */
enum store_verdict client_list(struct store *store, struct arena *arena, uint32_t realm_id,
			       const char *after, size_t max, struct client_row **rows,
			       size_t *count);
enum store_verdict client_insert(struct store *store, const struct client_row *row);
/* NONE when the version is no longer the one given (or the client is gone). Bumps the generation.
 */
enum store_verdict client_update(struct store *store, const struct client_row *row);
/* Removes the client, its secrets, consents, grants and tokens. */
enum store_verdict client_remove(struct store *store, uint32_t realm_id, const char *client_id);

enum store_verdict client_secret_insert(struct store *store, uint32_t realm_id,
					const char *client_id, const struct client_secret *secret);
enum store_verdict client_secret_expire(struct store *store, uint32_t realm_id,
					const char *client_id, const uint8_t id[ID_SIZE],
					int64_t expires_at);
enum store_verdict client_secret_remove(struct store *store, uint32_t realm_id,
					const char *client_id, const uint8_t id[ID_SIZE]);

#endif
