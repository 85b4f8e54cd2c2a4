/* SPDX-License-Identifier: ISC */
/*
 * From what somebody says of a client to what is kept of it.
 */
#include "core/oauth/registration.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/jose/keyring.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/foreign.h"
#include "core/port/client_check.h"
#include "core/port/remote.h"

#define WHY_MAX         8192
#define TEXT_MAX        300   /* bytes of an error_description */
#define SECTOR_MAX      16384 /* bytes of a sector document */
#define SECTOR_URIS_MAX 256
#define SECTOR_FRESH    300 /* seconds */

struct reading {
	struct tx *tx;
	const struct registration_rules *rules;
	struct json_object *request; /* with the statement's claims over it */
	struct registration *out;
};

/* ---- failures ---- */

/* Printable ASCII without quotes and backslash (RFC 6749 5.2), from the lines of a check. */
static const char *
public_text(struct arena *arena, const char *lines)
{
	size_t size = strcspn(lines, "\n");
	char *text = arena_copy(arena, lines, size < TEXT_MAX ? size : TEXT_MAX);

	for (char *c = text; *c; c++) {
		if (*c < 0x20 || *c > 0x7e || *c == '\\')
			*c = '?';
		else if (*c == '"')
			*c = '\'';
	}
	return text;
}

static int
refuse(struct tx *tx, const char *lines)
{
	bool redirect = str_starts(lines, "redirect_uris");

	return fail(tx, redirect ? OAUTH_INVALID_REDIRECT_URI : OAUTH_INVALID_CLIENT_METADATA,
		    public_text(tx->arena, lines), "%s", lines);
}

/* ---- what is asked for and cannot be had ---- */

/* Members whose other values would silently not be honoured; NULL: any value. */
static const struct {
	const char *name;
	const char *only;
	const char *text;
} demands[] = {
	{"subject_type", "public", "subject_type: only public is offered"},
	{"id_token_encrypted_response_alg", NULL,
	 "id_token_encrypted_response_alg: ID tokens are not encrypted"},
	{"userinfo_encrypted_response_alg", NULL,
	 "userinfo_encrypted_response_alg: answers of userinfo are not encrypted"},
	{"userinfo_signed_response_alg", NULL,
	 "userinfo_signed_response_alg: answers of userinfo are plain JSON"},
	{"request_object_signing_alg", NULL,
	 "request_object_signing_alg: request objects are not taken"},
	{"request_object_encryption_alg", NULL,
	 "request_object_encryption_alg: request objects are not taken"},
	{"tls_client_certificate_bound_access_tokens", NULL,
	 "tls_client_certificate_bound_access_tokens: access tokens are not bound to certificates"},
	{"dpop_bound_access_tokens", NULL,
	 "dpop_bound_access_tokens: access tokens are not bound to keys"},
};

static int
check_demands(struct reading *reading)
{
	for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++) {
		struct json_object *value = NULL;
		bool asked = json_object_object_get_ex(reading->request, demands[i].name, &value) &&
			     value;

		if (asked && json_object_is_type(value, json_type_boolean))
			asked = json_object_get_boolean(value);
		if (asked && !(demands[i].only && json_object_is_type(value, json_type_string) &&
			       strcmp(json_object_get_string(value), demands[i].only) == 0))
			return refuse(reading->tx, demands[i].text);
	}
	return 0;
}

/* OpenID Connect Core 8.1: the document lists every redirect URI of those who share it. */
static int
check_sector(struct reading *reading)
{
	static const struct remote_rules rules = {
		.purpose = "sector",
		.accept = "application/json",
		.max = SECTOR_MAX,
		.fresh_least = SECTOR_FRESH,
		.fresh_most = SECTOR_FRESH,
		.kept = REMOTE_KEPT_STRANGER,
	};
	struct tx *tx = reading->tx;
	const char *url = json_text_or_null(reading->request, "sector_identifier_uri");
	struct json_object *wrapped = json_new_object(tx->arena);
	struct remote_document document;
	struct strlist listed, uris;
	enum remote_verdict verdict;

	if (!url)
		return 0;
	verdict = remote_document(tx, url, &rules, &document);
	if (verdict != REMOTE_OK)
		return remote_fail(tx, verdict, OAUTH_INVALID_CLIENT_METADATA,
				   "sector_identifier_uri: the document cannot be fetched",
				   document.why);
	json_add(wrapped, "uris", json_parse(tx->arena, document.body, document.size, NULL));
	if (json_get_list(tx->arena, wrapped, "uris", SECTOR_URIS_MAX, &listed) != JSON_FOUND)
		return refuse(tx, "sector_identifier_uri: the document is not a list of URIs");
	if (json_get_list(tx->arena, reading->request, "redirect_uris", CLIENT_URIS_MAX, &uris) ==
		    JSON_FOUND &&
	    !strlist_within(&uris, &listed))
		return refuse(tx, "sector_identifier_uri: the document lacks one of redirect_uris");
	return 0;
}

/* ---- software statement (RFC 7591 2.3) ---- */

/* Its claims take the place of what the request says itself. */
static int
apply_statement(struct reading *reading)
{
	const struct foreign_rules rules = {
		.purpose = ISSUER_SOFTWARE_STATEMENT,
		.error = OAUTH_INVALID_SOFTWARE_STATEMENT,
		.untrusted = OAUTH_UNAPPROVED_SOFTWARE_STATEMENT,
	};
	struct tx *tx = reading->tx;
	const char *text = NULL;
	enum json_verdict sent = json_get_text(reading->request, "software_statement", &text);
	struct json_object_iterator member, end;
	struct foreign foreign;

	if (sent == JSON_ABSENT || reading->rules->document)
		return 0;
	if (sent == JSON_WRONG_TYPE)
		return fail(tx, OAUTH_INVALID_SOFTWARE_STATEMENT,
			    "software_statement must be the text of a JWT", NULL);
	if (foreign_verify(tx, text, &rules, &foreign) != 0)
		return -1;
	end = json_object_iter_end(foreign.jwt.claims);
	for (member = json_object_iter_begin(foreign.jwt.claims);
	     !json_object_iter_equal(&member, &end); json_object_iter_next(&member))
		json_add(reading->request, json_object_iter_peek_name(&member),
			 json_object_iter_peek_value(&member));
	reading->out->statement = text;
	return 0;
}

/* ---- members ---- */

/* Those that the table leaves to clients; unknown ones are passed over (RFC 7591 2). */
static void
take_members(struct reading *reading)
{
	struct json_object_iterator member = json_object_iter_begin(reading->request);
	struct json_object_iterator end = json_object_iter_end(reading->request);

	for (; !json_object_iter_equal(&member, &end); json_object_iter_next(&member)) {
		const char *name = json_object_iter_peek_name(&member);
		struct json_object *value = json_object_iter_peek_value(&member);
		const char *language;
		const struct metadata_field *field = client_metadata_member(name, &language);

		/* null and "" count as not sent (RFC 7591 2, RFC 7592 2.2) */
		if (!field || field->flags & META_BY_ADMIN || !value ||
		    (json_object_is_type(value, json_type_string) &&
		     json_object_get_string_len(value) == 0))
			continue;
		json_add(reading->out->metadata, name, value);
	}
}

/* What only an administrator sets stays when a client replaces itself: nobody takes a limit off
 * that was put on him. Origins follow the redirect URIs. */
static void
keep_members(struct reading *reading)
{
	const struct client *before = reading->rules->before;
	struct json_object *document, *value;
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	if (!before)
		return;
	document = client_to_json(reading->tx->arena, before, false);
	for (size_t i = 0; i < count; i++)
		if (fields[i].flags & META_BY_ADMIN && !str_equal(fields[i].name, "origins") &&
		    json_object_object_get_ex(document, fields[i].name, &value))
			json_add(reading->out->metadata, fields[i].name, value);
}

/* The one setting that has a name in the specifications. */
static void
take_settings(struct reading *reading)
{
	static const char name[] = "id_token_signed_response_alg";
	const char *alg = json_text_or_null(reading->request, name);
	struct json_object *metadata = reading->out->metadata, *settings;

	if (json_get_object(metadata, "settings", &settings) != JSON_FOUND) {
		if (!alg)
			return;
		settings = json_new_object(reading->tx->arena);
		json_add(metadata, "settings", settings);
	}
	json_object_object_del(settings, name);
	json_add_text(settings, name, alg);
}

/* What is asked for, of what self-registered clients may have; all of that without a wish. */
static int
limit_scope(struct reading *reading)
{
	struct tx *tx = reading->tx;
	struct json_object *metadata = reading->out->metadata;
	const char *sent = json_text_or_null(metadata, "scope");
	struct strlist allowed, asked;

	if (strlist_split(tx->arena, tx->realm->settings.registration_scopes, ' ', SCOPES_MAX,
			  &allowed) != 0)
		return fail(tx, OAUTH_SERVER_ERROR, "registration_scopes cannot be read", NULL);
	if (sent) {
		if (strlist_split(tx->arena, sent, ' ', SCOPES_MAX, &asked) != 0)
			return refuse(tx, "scope: too many");
		asked = strlist_intersect(tx->arena, &allowed, &asked);
		/* a document is written for every server there is */
		if (asked.count == 0 && !reading->rules->document)
			return refuse(tx, arena_printf(tx->arena,
						       "scope: none of these may be registered; "
						       "write some of %s",
						       strlist_join(tx->arena, &allowed, ' ')));
		allowed = asked.count ? asked : allowed;
	}
	/* a client without scope may have every one */
	if (allowed.count == 0)
		return refuse(tx, "scope: this server lets clients that register have none");
	json_add_text(metadata, "scope", strlist_join(tx->arena, &allowed, ' '));
	return 0;
}

/* Scripts of a public client's own origins call the token endpoint. */
static void
derive_origins(struct reading *reading)
{
	struct tx *tx = reading->tx;
	struct json_object *metadata = reading->out->metadata;
	struct strlist uris, origins = {0};

	if (!str_equal(json_text_or_null(metadata, "token_endpoint_auth_method"), "none") ||
	    json_get_list(tx->arena, metadata, "redirect_uris", CLIENT_URIS_MAX, &uris) !=
		    JSON_FOUND)
		return;
	for (size_t i = 0; i < uris.count; i++) {
		struct uri uri;

		if (uri_parse(tx->arena, uris.item[i], &uri) == 0 && uri.host &&
		    str_starts(uri.scheme, "http"))
			origins = strlist_with(tx->arena, &origins, uri_origin(tx->arena, &uri));
	}
	if (origins.count)
		json_add_list(metadata, "origins", &origins);
}

/* ---- grants and methods that not everybody may register ---- */

static const char *const open_grants[] = {"authorization_code", "refresh_token",
					  GRANT_TYPE_DEVICE_CODE};

static bool
is_open(const struct reading *reading, const char *grant_type)
{
	for (size_t i = 0; i < sizeof(open_grants) / sizeof(open_grants[0]); i++)
		if (strcmp(open_grants[i], grant_type) == 0)
			return true;
	return reading->rules->trusted && strcmp(grant_type, "client_credentials") == 0;
}

/* A metadata document is written for every server there is: what is not offered here is taken
 * out, as RFC 7591 2 lets a server do, unless nothing is left. */
static void
fit_document(struct reading *reading)
{
	struct tx *tx = reading->tx;
	struct json_object *metadata = reading->out->metadata;
	struct strlist sent, kept = {0};

	if (json_get_list(tx->arena, metadata, "grant_types", CLIENT_URIS_MAX, &sent) == JSON_FOUND)
		for (size_t i = 0; i < sent.count; i++)
			if (is_open(reading, sent.item[i]))
				kept = strlist_with(tx->arena, &kept, sent.item[i]);
	if (kept.count)
		json_add_list(metadata, "grant_types", &kept);
	kept = (struct strlist){0};
	if (json_get_list(tx->arena, metadata, "response_types", CLIENT_URIS_MAX, &sent) ==
		    JSON_FOUND &&
	    strlist_has(&sent, "code"))
		kept = strlist_with(tx->arena, &kept, "code");
	if (kept.count)
		json_add_list(metadata, "response_types", &kept);
}

/* A method that works here. */
static int
check_method(struct reading *reading)
{
	struct tx *tx = reading->tx;
	const struct client *client = &reading->out->client;
	struct strlist working = {0};
	size_t count;
	const struct client_auth_row *rows = client_auth_table(&count);

	for (size_t i = 0; i < count; i++)
		if (client_auth_works(&rows[i], tx->realm))
			working = strlist_with(tx->arena, &working, rows[i].name);
	if (strlist_has(&working,
			client_auth_method_name(
				(enum client_auth_method)client->token_endpoint_auth_method)))
		return 0;
	return refuse(tx, arena_printf(tx->arena,
				       "token_endpoint_auth_method: no certificates are taken; "
				       "write one of %s",
				       strlist_join(tx->arena, &working, ' ')));
}

static int
check_rights(struct reading *reading)
{
	const struct client *client = &reading->out->client;
	struct arena *arena = reading->tx->arena;

	for (size_t i = 0; i < client->grant_types.count; i++)
		if (!is_open(reading, client->grant_types.item[i]))
			return refuse(reading->tx,
				      arena_printf(arena,
						   "grant_types: %s is for clients that an "
						   "administrator adds",
						   client->grant_types.item[i]));
	if (check_method(reading) != 0)
		return -1;
	if (reading->rules->document && !client_is_public(client) &&
	    client->token_endpoint_auth_method != CLIENT_AUTH_PRIVATE_KEY_JWT)
		return refuse(reading->tx,
			      "token_endpoint_auth_method: a metadata document holds no secret; "
			      "write none or private_key_jwt");
	return 0;
}

/* Strangers make no keys: what is signed for them is signed with those that are there. */
static int
check_algs(struct reading *reading)
{
	const struct client *client = &reading->out->client;
	struct tx *tx = reading->tx;
	struct strlist algs = jws_alg_set_names(tx->arena, keyring_algs(tx->live->ring));

	if (!strlist_has(&algs, client->settings.id_token_alg))
		return refuse(tx, "id_token_signed_response_alg: the realm has no such key");
	if (!strlist_has(&algs, client->introspection_signed_response_alg))
		return refuse(tx, "introspection_signed_response_alg: the realm has no such key");
	return 0;
}

/* Clients know the one setting that they have by its own name. */
static const char *
without_settings(const char *lines)
{
	static const char prefix[] = "settings: ";

	return str_starts(lines, prefix) ? lines + sizeof(prefix) - 1 : lines;
}

static int
check_client(struct reading *reading)
{
	struct tx *tx = reading->tx;
	struct registration *out = reading->out;
	struct buf why;

	buf_init(&why, tx->arena, WHY_MAX);
	client_default(&out->client, &tx->realm->settings);
	if (client_from_json(tx->arena, out->metadata, &out->client, &why) != 0 ||
	    client_check(tx->arena, &out->client, &why) != 0)
		return refuse(tx, without_settings(why.data));
	return check_rights(reading) == 0 ? check_algs(reading) : -1;
}

int
registration_read(struct tx *tx, struct json_object *request,
		  const struct registration_rules *rules, struct registration *registration)
{
	struct reading reading = {
		.tx = tx, .rules = rules, .request = request, .out = registration};

	*registration = (struct registration){.metadata = json_new_object(tx->arena)};
	if (apply_statement(&reading) != 0 || check_demands(&reading) != 0 ||
	    check_sector(&reading) != 0)
		return -1;
	take_members(&reading);
	if (rules->document) /* a program that has no server to keep a secret on */
		if (!json_text_or_null(registration->metadata, "token_endpoint_auth_method"))
			json_add_text(registration->metadata, "token_endpoint_auth_method", "none");
	if (rules->document)
		fit_document(&reading);
	keep_members(&reading);
	take_settings(&reading);
	derive_origins(&reading);
	json_add_text(registration->metadata, "profile",
		      rules->before ? rules->before->profile
				    : tx->realm->settings.registration_profile);
	return limit_scope(&reading) == 0 ? check_client(&reading) : -1;
}

struct json_object *
registration_document(struct tx *tx, const struct client *client)
{
	struct json_object *document = client_to_json(tx->arena, client, true);
	size_t count;
	const struct metadata_field *fields = client_metadata_table(&count);

	for (size_t i = 0; i < count; i++)
		if (fields[i].flags & META_BY_ADMIN)
			json_object_object_del(document, fields[i].name);
	json_add_text(document, "id_token_signed_response_alg", client->settings.id_token_alg);
	json_add_text(document, "subject_type", "public");
	return document;
}
