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

	/* one by one, since the row's other columns may not have been set yet */
	client->client_name = NULL;
	client->client_uri = NULL;
	client->logo_uri = NULL;
	client->policy_uri = NULL;
	client->tos_uri = NULL;
	client->token_endpoint_auth_method = CLIENT_AUTH_SECRET_BASIC;
	client->application_type = APPLICATION_WEB;
	client->redirect_uris = (struct strlist){NULL, 0};
	client->post_logout_redirect_uris = (struct strlist){NULL, 0};
	client->origins = (struct strlist){NULL, 0};
	client->grant_types = constant_list(default_grant_types);
	client->response_types = constant_list(default_response_types);
	client->scopes = (struct strlist){NULL, 0};
	client->contacts = (struct strlist){NULL, 0};
	client->profile = PROFILE_CLIENT_DEFAULT;
	client->first_party = false;
	client->require_auth_time = false;
	client->default_max_age = -1;
	client->introspection = INTROSPECT_OWN;
	client->settings = *realm;
	client->own_settings = 0;
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
	(void)arena;
	return strlist_has(&client->grant_types, "refresh_token") && !uses_code(client);
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
	{"grant_types: refresh_token goes with authorization_code (RFC 6749 6)",
	 refresh_without_code},
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
