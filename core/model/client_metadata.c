/* SPDX-License-Identifier: ISC */
/*
 * The members of client metadata (RFC 7591 2, OpenID Connect Dynamic Client Registration 1.0 2) as
 * one table, by which client_read.c reads and client_write.c writes.
 */
#include "core/model/client_metadata.h"

#include <string.h>
#include <strings.h>

#include "core/base/uri.h"
#include "core/model/realm.h"

#define NAME_MAX_BYTES 255
#define MAX_AGE_MAX    315360000 /* ten years of seconds */

static const char *const auth_methods[] = {
	[CLIENT_AUTH_NONE] = "none",
	[CLIENT_AUTH_SECRET_BASIC] = "client_secret_basic",
	[CLIENT_AUTH_SECRET_POST] = "client_secret_post",
	[CLIENT_AUTH_SECRET_JWT] = "client_secret_jwt",
	[CLIENT_AUTH_PRIVATE_KEY_JWT] = "private_key_jwt",
	[CLIENT_AUTH_TLS] = "tls_client_auth",
	[CLIENT_AUTH_SELF_SIGNED_TLS] = "self_signed_tls_client_auth",
	NULL,
};
static const char *const application_types[] = {
	[APPLICATION_WEB] = "web",
	[APPLICATION_NATIVE] = "native",
	NULL,
};
static const char *const introspections[] = {
	[INTROSPECT_OWN] = "own",
	[INTROSPECT_ALL] = "all",
	NULL,
};
static const char *const grant_types[] = {
	"authorization_code",
	"refresh_token",
	"client_credentials",
	GRANT_TYPE_DEVICE_CODE,
	GRANT_TYPE_TOKEN_EXCHANGE,
	GRANT_TYPE_JWT_BEARER,
	NULL,
};
static const char *const assertion_algs[] = {
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
	"ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512", NULL,
};
static const char *const signing_algs[] = {"RS256", "PS256", "ES256", "EdDSA", NULL};
static const char *const exchange_modes[] = {"delegation", "impersonation", NULL};
static const char *const response_types[] = {"code", NULL};

#define AT(member) offsetof(struct client, member)

/* clang-format off */
static const struct metadata_field fields[] = {
	{"application_type", META_CHOICE, AT(application_type), 0, application_types, NULL,
	 "web, or native for programs on a person's own device; first, as it decides what "
	 "redirects may be.",
	 0},
	{"token_endpoint_auth_method", META_CHOICE, AT(token_endpoint_auth_method), 0,
	 auth_methods, NULL,
	 "How the client proves itself; none makes it a public client.",
	 0},
	{"token_endpoint_auth_signing_alg", META_TEXT, AT(token_endpoint_auth_signing_alg),
	 NAME_MAX_BYTES, assertion_algs, NULL,
	 "The algorithm of client assertions; without it any that fits the method and the key.",
	 0},
	{"jwks", META_OBJECT, AT(jwks), CLIENT_JWKS_MAX, NULL, client_jwks_mistake,
	 "The client's public keys, as a JWK Set.",
	 0},
	{"jwks_uri", META_URI, AT(jwks_uri), URI_MAX, NULL, client_https_mistake,
	 "Where the client publishes its keys; instead of jwks.",
	 0},
	{"tls_client_auth_subject_dn", META_TEXT, AT(tls_client_auth_subject_dn), URI_MAX, NULL,
	 NULL,
	 "The subject of the certificate that authenticates the client (RFC 4514 text).",
	 0},
	{"tls_client_auth_san_dns", META_TEXT, AT(tls_client_auth_san_dns), NAME_MAX_BYTES, NULL,
	 NULL, "The DNS name in that certificate, instead of the subject.",
	 0},
	{"tls_client_auth_san_uri", META_TEXT, AT(tls_client_auth_san_uri), URI_MAX, NULL, NULL,
	 "The URI in that certificate, instead of the subject.",
	 0},
	{"tls_client_auth_san_ip", META_TEXT, AT(tls_client_auth_san_ip), NAME_MAX_BYTES, NULL,
	 NULL, "The IP address in that certificate, instead of the subject.",
	 0},
	{"tls_client_auth_san_email", META_TEXT, AT(tls_client_auth_san_email), NAME_MAX_BYTES,
	 NULL, NULL, "The e-mail address in that certificate, instead of the subject.",
	 0},
	{"client_name", META_TEXT, AT(client_name), NAME_MAX_BYTES, NULL, client_name_mistake,
	 "The name that people see when they sign in.",
	 META_LOCALISED},
	{"client_uri", META_URI, AT(client_uri), URI_MAX, NULL, client_page_mistake,
	 "A page about the client.",
	 META_LOCALISED},
	{"logo_uri", META_URI, AT(logo_uri), URI_MAX, NULL, client_page_mistake,
	 "The client's logo.",
	 META_LOCALISED},
	{"policy_uri", META_URI, AT(policy_uri), URI_MAX, NULL, client_page_mistake,
	 "What the client does with what it learns about people.",
	 META_LOCALISED},
	{"tos_uri", META_URI, AT(tos_uri), URI_MAX, NULL, client_page_mistake,
	 "The client's terms of service.",
	 META_LOCALISED},
	{"redirect_uris", META_URI_LIST, AT(redirect_uris), CLIENT_URIS_MAX, NULL,
	 client_redirect_mistake,
	 "Where codes may be sent; compared exactly, but for the port of loopback ones of "
	 "native clients.",
	 0},
	{"post_logout_redirect_uris", META_URI_LIST, AT(post_logout_redirect_uris),
	 CLIENT_URIS_MAX, NULL,
	 client_redirect_mistake,
	 "Where a browser may be sent after signing out.",
	 0},
	{"origins", META_URI_LIST, AT(origins), CLIENT_URIS_MAX, NULL, client_origin_mistake,
	 "Origins whose scripts may call the token, userinfo and revocation endpoints (CORS).",
	 META_BY_ADMIN},
	{"initiate_login_uri", META_URI, AT(initiate_login_uri), URI_MAX, NULL,
	 client_https_mistake,
	 "Where somebody else may have the client begin a sign-in; kept, and not used by this server.",
	 0},
	{"sector_identifier_uri", META_URI, AT(sector_identifier_uri), URI_MAX, NULL,
	 client_https_mistake,
	 "A list of redirect URIs of several clients; it must name those of the client when that "
	 "registers itself. All subjects are public, so it changes none.",
	 0},
	{"grant_types", META_CHOICE_LIST, AT(grant_types), CLIENT_URIS_MAX, grant_types, NULL,
	 "What the client may exchange for tokens.",
	 0},
	{"response_types", META_CHOICE_LIST, AT(response_types), CLIENT_URIS_MAX,
	 response_types, NULL,
	 "What the client may ask the authorization endpoint for.",
	 0},
	{"scope", META_SCOPE, AT(scopes), SCOPES_MAX, NULL, client_scope_mistake,
	 "The scopes it may ask for, with blanks between; without it every scope of the realm.",
	 0},
	{"resources", META_URI_LIST, AT(resources), CLIENT_URIS_MAX, NULL,
	 client_resource_mistake,
	 "Resource servers that it may ask for; without it every one that a person may let it "
	 "reach, and none for itself (client_credentials).",
	 META_BY_ADMIN},
	{"default_resource", META_URI, AT(default_resource), URI_MAX, NULL,
	 client_resource_mistake,
	 "The resource server that is meant where a request names none; without it the issuer.",
	 META_BY_ADMIN},
	{"exchange_clients", META_LIST, AT(exchange_clients), CLIENT_URIS_MAX, NULL, NULL,
	 "Clients that may exchange tokens which were issued to this one (RFC 8693).",
	 META_BY_ADMIN},
	{"exchange_issuers", META_LIST, AT(exchange_issuers), CLIENT_URIS_MAX, NULL, NULL,
	 "Trusted issuers whose tokens the client may exchange, whether they are addressed to this "
	 "server or to the client itself.",
	 META_BY_ADMIN},
	{"exchange_modes", META_CHOICE_LIST, AT(exchange_modes), 2, exchange_modes, NULL,
	 "What the client may do by token exchange: delegation names it as the actor, "
	 "impersonation does not.",
	 META_BY_ADMIN},
	{"required_groups", META_LIST, AT(required_groups), CLIENT_URIS_MAX, NULL, NULL,
	 "Only people who are in one of these groups (their claim groups) may use the client; "
	 "without it everybody.",
	 META_BY_ADMIN},
	{"require_pushed_authorization_requests", META_BOOL,
	 AT(require_pushed_authorization_requests), 0, NULL, NULL,
	 "Its authorization requests must come by way of the pushed authorization request endpoint.",
	 0},
	{"software_id", META_TEXT, AT(software_id), NAME_MAX_BYTES, NULL, NULL,
	 "The software that the client is an instance of.",
	 0},
	{"software_version", META_TEXT, AT(software_version), NAME_MAX_BYTES, NULL, NULL,
	 "Its version.",
	 0},
	{"contacts", META_LIST, AT(contacts), CLIENT_URIS_MAX, NULL, NULL,
	 "How to reach the people responsible, as a rule e-mail addresses.",
	 0},
	{"profile", META_TEXT, AT(profile), NAME_MAX_BYTES, NULL, client_profile_mistake,
	 "The policy profile; the stricter of this and the realm's counts.",
	 META_BY_ADMIN},
	{"first_party", META_BOOL, AT(first_party), 0, NULL, NULL,
	 "The client belongs to the realm's owner: people are not asked for consent.",
	 META_BY_ADMIN},
	{"require_auth_time", META_BOOL, AT(require_auth_time), 0, NULL, NULL,
	 "ID tokens always tell when the person signed in.",
	 0},
	{"default_max_age", META_INT, AT(default_max_age), MAX_AGE_MAX, NULL, NULL,
	 "Seconds after which a person has to sign in again where the request does not say.",
	 0},
	{"introspection", META_CHOICE, AT(introspection), 0, introspections, NULL,
	 "Whose tokens it may look at: its own, or all of the realm (for resource servers).",
	 META_BY_ADMIN},
	{"introspection_signed_response_alg", META_TEXT, AT(introspection_signed_response_alg),
	 NAME_MAX_BYTES, signing_algs, NULL,
	 "How answers of introspection are signed for it where it asks for a JWT.",
	 0},
	{"settings", META_SETTINGS, AT(settings), 0, NULL, NULL,
	 "Settings of the realm that are different for this client.",
	 META_BY_ADMIN},
};
/* clang-format on */

#define FIELDS_COUNT (sizeof(fields) / sizeof(fields[0]))

const struct metadata_field *
client_metadata_table(size_t *count)
{
	*count = FIELDS_COUNT;
	return fields;
}

const struct metadata_field *
client_metadata_field(const char *name)
{
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		if (str_equal(fields[i].name, name))
			return &fields[i];
	}
	return NULL;
}

/* BCP 47 in shape: letters and digits in pieces of at most 8 with dashes between. */
static bool
is_language_tag(const char *tag)
{
	size_t piece = 0;

	if (strlen(tag) > CLIENT_LANGUAGE_MAX)
		return false;
	for (; *tag; tag++) {
		bool alphanumeric = (*tag >= 'a' && *tag <= 'z') || (*tag >= 'A' && *tag <= 'Z') ||
				    (*tag >= '0' && *tag <= '9');

		if (!alphanumeric && (*tag != '-' || piece == 0))
			return false;
		piece = *tag == '-' ? 0 : piece + 1;
		if (piece > 8)
			return false;
	}
	return piece > 0;
}

const struct metadata_field *
client_metadata_member(const char *name, const char **language)
{
	const char *hash = strchr(name, '#');
	size_t size = hash ? (size_t)(hash - name) : strlen(name);

	*language = hash ? hash + 1 : NULL;
	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		if (strlen(fields[i].name) != size || memcmp(fields[i].name, name, size) != 0)
			continue;
		if (hash && (!(fields[i].flags & META_LOCALISED) || !is_language_tag(*language)))
			return NULL;
		return &fields[i];
	}
	return NULL;
}

const char *
client_text(const struct client *client, const char *name, const char *language)
{
	const struct metadata_field *field = client_metadata_field(name);
	const char *text = NULL;
	size_t best = 0;

	if (field && field->flags & META_LOCALISED)
		text = *(const char *const *)(const void *)((const char *)client + field->offset);
	for (size_t i = 0; language && i < client->localised_count; i++) {
		const struct client_text *one = &client->localised[i];
		size_t size = strlen(one->language);

		/* "de" serves a reader of de-AT; the longest that fits wins */
		if (one->field != field || size <= best ||
		    strncasecmp(one->language, language, size) != 0 ||
		    (language[size] != '\0' && language[size] != '-'))
			continue;
		best = size;
		text = one->text;
	}
	return text;
}
