/* SPDX-License-Identifier: ISC */
/*
 * Pages: the values that all have, and the headers that guard them.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"
#include "core/oauth/client_lookup.h"

const char *
page_base(const struct call *call)
{
	return call->tx.live ? call->tx.live->path : "";
}

char *
page_url(const struct call *call, const char *path)
{
	return arena_printf(call->tx.arena, "%s%s", call->tx.realm->issuer, path);
}

/* In the reader's language where the client has told it in that. */
static const char *
shown_name(struct call *call, const struct client *client)
{
	const char *name = client_text(client, "client_name", call->locale->tag);

	return name ? name : client->client_id;
}

static void
add_client(struct call *call, struct json_object *values, const struct client *client)
{
	const char *language = call->locale->tag;
	struct arena *arena = call->tx.arena;
	struct json_object *object = json_new_object(arena);
	struct uri uri;

	json_add_text(object, "name", shown_name(call, client));
	json_add_text(object, "policy_uri", client_text(client, "policy_uri", language));
	json_add_text(object, "tos_uri", client_text(client, "tos_uri", language));
	/* nobody is asked for the logo of one that nobody has let in yet */
	if (!client_is_unkept(client))
		json_add_text(object, "logo_uri", logo_url(call, client));
	if (str_equal(client->source, CLIENT_FROM_DOCUMENT) &&
	    uri_parse(arena, client->client_id, &uri) == 0)
		json_add_text(object, "host", uri.host);
	json_add(values, "client", object);
}

struct json_object *
page_values(struct call *call, const struct client *client)
{
	struct arena *arena = call->tx.arena;
	struct json_object *values = json_new_object(arena);
	struct json_object *realm = json_new_object(arena);
	const char *name = call->tx.realm ? call->tx.realm->display_name : "";
	const char *client_name = NULL;

	if (client)
		client_name = shown_name(call, client);
	json_add_text(realm, "display_name", name);
	json_add(values, "realm", realm);
	json_add_text(values, "lang", call->locale->tag);
	json_add_text(values, "dir", call->locale->dir);
	json_add_text(values, "base", page_base(call));
	json_add_text(values, "asset_version", call->tx.provider->pages->version);
	json_add(values, "t",
		 locale_json_format(arena, call->locale, "realm", name, "client", client_name,
				    NULL));
	if (client)
		add_client(call, values, client);
	return values;
}

void
page_add_account(struct json_object *values, struct arena *arena, const struct account *account)
{
	struct json_object *object = json_new_object(arena);

	json_add_text(object, "username", account->username);
	json_add_text(object, "name", json_text_or_null(account->claims, "name"));
	json_add(values, "account", object);
}

/* 'self' is the web server's own origin; the form may lead on to where the answer goes. */
static char *
content_policy(struct call *call)
{
	return arena_printf(
		call->tx.arena,
		"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
		"form-action 'self'%s%s; frame-ancestors 'none'; base-uri 'none'",
		call->form_action ? " " : "", call->form_action ? call->form_action : "");
}

void
page_send(struct call *call, int status, const char *name, struct json_object *values)
{
	struct http_response *response = call->response;

	if (template_render(call->tx.provider->pages->templates, name, values, &response->body) !=
	    TEMPLATE_OK)
		bug("a page cannot be rendered");
	response->status = status;
	response_header_set(response, "Content-Type", "text/html; charset=utf-8");
	response_header_set(response, "Cache-Control", "no-store");
	response_header_set(response, "Content-Security-Policy", content_policy(call));
	response_header_set(response, "Content-Language", call->locale->tag);
	response_header_set(response, "X-Frame-Options", "DENY");
	response_header_set(response, "X-Content-Type-Options", "nosniff");
	response_header_set(response, "Referrer-Policy", "no-referrer");
	response_header_set(response, "Permissions-Policy",
			    "camera=(), geolocation=(), microphone=(), payment=()");
}
