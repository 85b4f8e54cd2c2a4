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
struct metadata_field;
struct profile;

#define CLIENT_ID_MAX        255       /* the URL of a metadata document is one too */
#define CLIENT_SECRET_PREFIX "ost_cs_" /* secret scanners find what looks like this */
#define CLIENT_SECRETS_MAX   16
#define CLIENT_URIS_MAX      64
#define CLIENT_METADATA_MAX  32768
#define CLIENT_LANGUAGE_MAX  35 /* bytes of a language tag (RFC 5646 4.4.1) */
#define CLIENT_TEXTS_MAX     64 /* members with a language tag */

#define GRANT_TYPE_DEVICE_CODE    "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_TYPE_TOKEN_EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define GRANT_TYPE_JWT_BEARER     "urn:ietf:params:oauth:grant-type:jwt-bearer"

#define CLIENT_SEALED_MAX 1024  /* bytes of a sealed secret */
#define CLIENT_JWKS_MAX   24576 /* bytes of a key set by value */

enum client_auth_method {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_SECRET_BASIC,
	CLIENT_AUTH_SECRET_POST,
	CLIENT_AUTH_SECRET_JWT,
	CLIENT_AUTH_PRIVATE_KEY_JWT,
	CLIENT_AUTH_TLS,
	CLIENT_AUTH_SELF_SIGNED_TLS,
};
enum application_type { APPLICATION_WEB, APPLICATION_NATIVE };
enum client_introspection { INTROSPECT_OWN, INTROSPECT_ALL };

/* Who made the client, as stored. */
#define CLIENT_FROM_ADMIN        "admin"
#define CLIENT_FROM_REGISTRATION "registration" /* RFC 7591 */
#define CLIENT_FROM_DOCUMENT     "document"     /* its client_id is the URL of its metadata */

struct client_secret {
	uint8_t id[ID_SIZE];
	uint8_t hash[SHA256_SIZE]; /* of the secret's text */
	const uint8_t *sealed;     /* the text itself, for client_secret_jwt; NULL */
	size_t sealed_size;
	int64_t created_at, expires_at; /* 0: never */
	int64_t last_used_at;           /* coarse: see client_secret_used(); 0: never */
};

struct client_text {
	const struct metadata_field *field;
	const char *language, *text;
};

struct client {
	uint32_t realm_id;
	const char *client_id;
	bool enabled;
	int64_t version; /* of the row; moves with each change */
	int64_t created_at;
	const char *source; /* CLIENT_FROM_… */

	/* metadata */
	const char *client_name, *client_uri, *logo_uri, *policy_uri, *tos_uri;
	int64_t token_endpoint_auth_method;          /* enum client_auth_method */
	const char *token_endpoint_auth_signing_alg; /* of assertions; NULL: any that fits */
	const char *jwks;                            /* the key set as JSON text; NULL */
	const char *jwks_uri;                        /* where it is fetched; NULL */
	const char *initiate_login_uri;              /* where a sign-in may be begun; NULL */
	const char *sector_identifier_uri; /* the list of those who share a sector; NULL */
	/* which certificate authenticates it: exactly one is set for tls_client_auth (RFC 8705
	 * 2.1.2) */
	const char *tls_client_auth_subject_dn, *tls_client_auth_san_dns, *tls_client_auth_san_uri,
		*tls_client_auth_san_ip, *tls_client_auth_san_email;
	int64_t application_type; /* enum application_type */
	struct strlist redirect_uris, post_logout_redirect_uris;
	struct strlist origins;        /* CORS: "https://app.example" */
	struct strlist grant_types;    /* as in grants_table() of core/oauth */
	struct strlist response_types; /* code */
	struct strlist scopes; /* "scope": what it may ask for; empty: every scope of the realm */
	struct strlist resources;     /* identifiers of resource servers that it may ask for; empty:
					 all that people may let it reach, none for itself */
	const char *default_resource; /* meant where a request names none; NULL: the issuer */
	struct strlist exchange_clients; /* clients that may exchange tokens issued to this one */
	struct strlist exchange_issuers; /* trusted issuers whose tokens it may exchange */
	struct strlist exchange_modes;   /* what it may do by token exchange: delegation
					    impersonation */
	struct strlist required_groups;  /* only their people may use it; empty: everybody */
	bool require_pushed_authorization_requests;
	struct strlist contacts;
	const char *software_id, *software_version;
	const char *profile; /* policy profile; "oauth21" */
	bool first_party;    /* consent is not asked */
	bool require_auth_time;
	int64_t default_max_age; /* seconds; -1: none */
	int64_t introspection;   /* enum client_introspection: whose tokens it may look at */
	const char *introspection_signed_response_alg; /* RFC 9701 6 */
	struct settings settings; /* the realm's with the client's own over them */
	uint64_t own_settings;    /* bit i: row i of settings_table() is the client's own */

	const struct client_text *localised; /* members with a language tag */
	size_t localised_count;

	const struct client_secret
		*secrets; /* not yet expired ones and others: the caller compares times */
	size_t secrets_count;
};

enum metadata_type {
	META_TEXT,
	META_OBJECT, /* kept as JSON text in a const char * */
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
	unsigned flags; /* META_BY_ADMIN, META_LOCALISED */
};

enum {
	META_BY_ADMIN = 1 << 0,  /* clients that register themselves do not have it */
	META_LOCALISED = 1 << 1, /* a text that may stand there for single languages too */
};

const struct metadata_field *client_metadata_table(size_t *count);
const struct metadata_field *client_metadata_field(const char *name);

/*
 * The row of a member, which may carry a language tag: "client_name#de" (RFC 7591 2.2). *language
 * is the tag; NULL: none. NULL when there is no such member, or none with that tag.
 */
const struct metadata_field *client_metadata_member(const char *name, const char **language);

/* A localised text for a reader of this language (NULL: any): the best there is; NULL. */
const char *client_text(const struct client *client, const char *name, const char *language);

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
	const char *source;                     /* CLIENT_FROM_…; NULL: CLIENT_FROM_ADMIN */
	bool has_registration;                  /* somebody may manage it by RFC 7592 */
	uint8_t registration_hash[SHA256_SIZE]; /* of the registration access token */
};

enum store_verdict client_row_find(struct store *store, struct arena *arena, uint32_t realm_id,
				   const char *client_id, struct client_row *row);
/* After a client id, at most max of them, in their order. *count is set. */
enum store_verdict client_list(struct store *store, struct arena *arena, uint32_t realm_id,
			       const char *after, size_t max, struct client_row **rows,
			       size_t *count);
enum store_verdict client_insert(struct store *store, const struct client_row *row);
/* The same where fewer than limit clients of the realm have the row's source; else NONE. */
enum store_verdict client_insert_limited(struct store *store, const struct client_row *row,
					 int64_t limit);
/*
 * Removes at most max clients of the sources registration and document that were made before,
 * that neither a grant nor a remembered consent names, and that do not act for themselves
 * (client_credentials leaves no trace); *removed counts.
 */
enum store_verdict client_remove_unused(struct store *store, uint32_t realm_id, int64_t before,
					size_t max, int64_t *removed);
/* NONE when the version is no longer the one given (or the client is gone). Bumps the generation.
 */
enum store_verdict client_update(struct store *store, const struct client_row *row);
/* Removes the client, its secrets, consents, grants and tokens, and its name from the lists of
 * resource servers. */
enum store_verdict client_remove(struct store *store, uint32_t realm_id, const char *client_id);

enum store_verdict client_secret_insert(struct store *store, uint32_t realm_id,
					const char *client_id, const struct client_secret *secret);
#define CLIENT_SECRET_USE_STEP 86400 /* seconds */

/* Notes that a secret was used, at most once a day for each: for people who want to remove one. */
enum store_verdict client_secret_used(struct store *store, const struct client *client,
				      const uint8_t id[ID_SIZE], int64_t now);
enum store_verdict client_secret_expire(struct store *store, uint32_t realm_id,
					const char *client_id, const uint8_t id[ID_SIZE],
					int64_t expires_at);
enum store_verdict client_secret_remove(struct store *store, uint32_t realm_id,
					const char *client_id, const uint8_t id[ID_SIZE]);

/* A sealed secret, for a new master key. */
struct client_sealed {
	const char *client_id;
	struct client_secret secret; /* id and sealed alone */
};

/* Those of a realm behind one (NULL: all), at most max, in their order. *count is set. */
enum store_verdict client_sealed_list(struct store *store, struct arena *arena, uint32_t realm_id,
				      const struct client_sealed *after, size_t max,
				      struct client_sealed **rows, size_t *count);
/* NONE when it is no longer sealed as row says. Bumps the generation. */
enum store_verdict client_secret_reseal_row(struct store *store, uint32_t realm_id,
					    const struct client_sealed *row, const uint8_t *sealed,
					    size_t sealed_size);

#endif
