/* SPDX-License-Identifier: ISC */
/*
 * A client's defaults (RFC 7591 2) and what has to be true of its members together. Each rule is a
 * row: the member that is blamed, the text, and when it is broken.
 */
#include "core/model/client.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/bug.h"
#include "core/base/uri.h"
#include "core/model/client_metadata.h"
#include "core/model/profile.h"

/* A list of one constant. Lists are only read once they are made, so the const may go here. */
static struct strlist
constant_list(const char *const item[1])
{
	union {
		const char *const *constant;
		const char **item;
	} list = {.constant = item};

	return (struct strlist){list.item, 1};
}

void
client_default(struct client *client, const struct settings *realm)
{
	static const char *const default_grant_types[] = {"authorization_code"};
	static const char *const default_response_types[] = {"code"};
	static const char *const default_exchange_modes[] = {"delegation"};

	/* one by one, since the row's other columns may not have been set yet */
	client->client_name = NULL;
	client->client_uri = NULL;
	client->logo_uri = NULL;
	client->policy_uri = NULL;
	client->tos_uri = NULL;
	client->token_endpoint_auth_method = CLIENT_AUTH_SECRET_BASIC;
	client->token_endpoint_auth_signing_alg = NULL;
	client->jwks = NULL;
	client->jwks_uri = NULL;
	client->initiate_login_uri = NULL;
	client->sector_identifier_uri = NULL;
	client->tls_client_auth_subject_dn = NULL;
	client->tls_client_auth_san_dns = NULL;
	client->tls_client_auth_san_uri = NULL;
	client->tls_client_auth_san_ip = NULL;
	client->tls_client_auth_san_email = NULL;
	client->application_type = APPLICATION_WEB;
	client->redirect_uris = (struct strlist){NULL, 0};
	client->post_logout_redirect_uris = (struct strlist){NULL, 0};
	client->origins = (struct strlist){NULL, 0};
	client->grant_types = constant_list(default_grant_types);
	client->response_types = constant_list(default_response_types);
	client->scopes = (struct strlist){NULL, 0};
	client->resources = (struct strlist){NULL, 0};
	client->default_resource = NULL;
	client->exchange_clients = (struct strlist){NULL, 0};
	client->exchange_issuers = (struct strlist){NULL, 0};
	client->exchange_modes = constant_list(default_exchange_modes);
	client->required_groups = (struct strlist){NULL, 0};
	client->require_pushed_authorization_requests = false;
	client->software_id = NULL;
	client->software_version = NULL;
	client->contacts = (struct strlist){NULL, 0};
	client->profile = PROFILE_CLIENT_DEFAULT;
	client->first_party = false;
	client->require_auth_time = false;
	client->default_max_age = -1;
	client->introspection = INTROSPECT_OWN;
	client->introspection_signed_response_alg = "RS256";
	client->settings = *realm;
	client->own_settings = 0;
	client->localised = NULL;
	client->localised_count = 0;
}

bool
client_is_public(const struct client *client)
{
	return client->token_endpoint_auth_method == CLIENT_AUTH_NONE;
}

const char *
client_auth_method_name(enum client_auth_method method)
{
	switch (method) {
	case CLIENT_AUTH_NONE:
		return "none";
	case CLIENT_AUTH_SECRET_BASIC:
		return "client_secret_basic";
	case CLIENT_AUTH_SECRET_POST:
		return "client_secret_post";
	case CLIENT_AUTH_SECRET_JWT:
		return "client_secret_jwt";
	case CLIENT_AUTH_PRIVATE_KEY_JWT:
		return "private_key_jwt";
	case CLIENT_AUTH_TLS:
		return "tls_client_auth";
	case CLIENT_AUTH_SELF_SIGNED_TLS:
		return "self_signed_tls_client_auth";
	}
	bug("unknown client authentication method");
}

static bool
uses_code(const struct client *client)
{
	return strlist_has(&client->grant_types, "authorization_code");
}

static bool
code_without_redirect(struct arena *arena, const struct client *client)
{
	(void)arena;
	return uses_code(client) && client->redirect_uris.count == 0;
}

static bool
response_type_differs(struct arena *arena, const struct client *client)
{
	(void)arena;
	return uses_code(client) != strlist_has(&client->response_types, "code");
}

static bool
refresh_without_code(struct arena *arena, const struct client *client)
{
	const struct strlist *types = &client->grant_types;

	(void)arena;
	return strlist_has(types, "refresh_token") && !strlist_has(types, "authorization_code") &&
	       !strlist_has(types, GRANT_TYPE_DEVICE_CODE);
}

/* Whoever acts for itself or on what others were given must be able to prove who it is. */
static bool
public_acts_alone(struct arena *arena, const struct client *client)
{
	static const char *const proving[] = {"client_credentials", GRANT_TYPE_TOKEN_EXCHANGE,
					      GRANT_TYPE_JWT_BEARER};

	(void)arena;
	for (size_t i = 0; i < sizeof(proving) / sizeof(proving[0]); i++)
		if (client_is_public(client) && strlist_has(&client->grant_types, proving[i]))
			return true;
	return false;
}

static bool
keys_in_two_ways(struct arena *arena, const struct client *client)
{
	(void)arena;
	return client->jwks && client->jwks_uri;
}

static bool
keys_missing(struct arena *arena, const struct client *client)
{
	(void)arena;
	return (client->token_endpoint_auth_method == CLIENT_AUTH_PRIVATE_KEY_JWT ||
		client->token_endpoint_auth_method == CLIENT_AUTH_SELF_SIGNED_TLS) &&
	       !client->jwks && !client->jwks_uri;
}

static bool
tls_subject_unclear(struct arena *arena, const struct client *client)
{
	const char *const subjects[] = {
		client->tls_client_auth_subject_dn, client->tls_client_auth_san_dns,
		client->tls_client_auth_san_uri,    client->tls_client_auth_san_ip,
		client->tls_client_auth_san_email,
	};
	size_t count = 0;

	(void)arena;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		count += subjects[i] != NULL;
	return count != (client->token_endpoint_auth_method == CLIENT_AUTH_TLS ? 1 : 0);
}

static bool
assertion_alg_unfit(struct arena *arena, const struct client *client)
{
	const char *alg = client->token_endpoint_auth_signing_alg;

	(void)arena;
	switch ((enum client_auth_method)client->token_endpoint_auth_method) {
	case CLIENT_AUTH_SECRET_JWT:
		return alg && !str_starts(alg, "HS");
	case CLIENT_AUTH_PRIVATE_KEY_JWT:
		return alg && str_starts(alg, "HS");
	case CLIENT_AUTH_NONE:
	case CLIENT_AUTH_SECRET_BASIC:
	case CLIENT_AUTH_SECRET_POST:
	case CLIENT_AUTH_TLS:
	case CLIENT_AUTH_SELF_SIGNED_TLS:
		return alg != NULL;
	}
	bug("unknown client authentication method");
}

/* Nobody stands by who could be asked what it may reach. */
static bool
alone_without_scope(struct arena *arena, const struct client *client)
{
	(void)arena;
	return strlist_has(&client->grant_types, "client_credentials") && client->scopes.count == 0;
}

static bool
public_introspects_all(struct arena *arena, const struct client *client)
{
	(void)arena;
	return client_is_public(client) && client->introspection == INTROSPECT_ALL;
}

/* Any program on the person's machine can pose as such a client, so the person has to be asked. */
static bool
public_local_first_party(struct arena *arena, const struct client *client)
{
	if (!client_is_public(client) || !client->first_party)
		return false;
	for (size_t i = 0; i < client->redirect_uris.count; i++) {
		struct uri uri;

		if (uri_parse(arena, client->redirect_uris.item[i], &uri) != 0)
			continue;
		/* what is not https is http on loopback or a private-use scheme */
		if (!str_equal(uri.scheme, "https") || uri_host_is_loopback(&uri))
			return true;
	}
	return false;
}

static const struct {
	const char *text;
	bool (*broken)(struct arena *arena, const struct client *client);
} rules[] = {
	{"redirect_uris: the grant type authorization_code needs at least one (RFC 7591 2)",
	 code_without_redirect},
	{"response_types: \"code\" and the grant type authorization_code go together (RFC 7591 "
	 "2.1)",
	 response_type_differs},
	{"grant_types: refresh_token goes with a grant type that gives one: authorization_code or "
	 "device_code (RFC 6749 6)",
	 refresh_without_code},
	{"grant_types: a public client cannot use client_credentials, token-exchange or jwt-bearer "
	 "(RFC 6749 4.4)",
	 public_acts_alone},
	{"scope: the grant type client_credentials needs the scopes named that the client may have",
	 alone_without_scope},
	{"jwks: give the keys by value or by jwks_uri, not both (RFC 7591 2)", keys_in_two_ways},
	{"jwks: this token_endpoint_auth_method needs the client's keys, by value or by jwks_uri",
	 keys_missing},
	{"tls_client_auth_subject_dn: tls_client_auth needs exactly one of "
	 "tls_client_auth_subject_dn, _san_dns, _san_uri, _san_ip and _san_email, other methods "
	 "none (RFC 8705 2.1.2)",
	 tls_subject_unclear},
	{"token_endpoint_auth_signing_alg: client_secret_jwt takes HS256 to HS512, private_key_jwt "
	 "the others; other methods have none",
	 assertion_alg_unfit},
	{"introspection: a public client cannot prove who it is, so it cannot look at all tokens "
	 "(RFC 7662 2.1)",
	 public_introspects_all},
	{"first_party: a public client with a loopback or private-use redirect has to ask for "
	 "consent (RFC 8252 8.6)",
	 public_local_first_party},
};

size_t
client_rules_check(struct arena *arena, const struct client *client, struct buf *why)
{
	size_t broken = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (!rules[i].broken(arena, client))
			continue;
		buf_printf(why, "%s\n", rules[i].text);
		broken++;
	}
	return broken;
}
