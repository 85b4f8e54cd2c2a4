/* SPDX-License-Identifier: ISC */
/*
 * Comparing redirect URIs.
 */
#include "core/oauth/authz/redirect.h"

#include <string.h>

#include "core/base/str.h"
#include "core/base/uri.h"
#include "core/model/client.h"

static bool
same_but_port(struct arena *arena, const struct uri *sent, const char *registered)
{
	struct uri uri;

	if (uri_parse(arena, registered, &uri) != 0 || !uri_host_is_loopback(&uri))
		return false;
	return str_equal(uri.scheme, sent->scheme) && str_equal(uri.userinfo, sent->userinfo) &&
	       str_equal(uri.host, sent->host) && str_equal(uri.path, sent->path) &&
	       str_equal(uri.query, sent->query) && str_equal(uri.fragment, sent->fragment);
}

bool
redirect_uri_registered(struct arena *arena, const struct client *client, const char *uri)
{
	struct uri sent;

	if (strlist_has(&client->redirect_uris, uri))
		return true;
	if (client->application_type != APPLICATION_NATIVE || uri_parse(arena, uri, &sent) != 0)
		return false;
	for (size_t i = 0; i < client->redirect_uris.count; i++)
		if (same_but_port(arena, &sent, client->redirect_uris.item[i]))
			return true;
	return false;
}

bool
redirect_uri_is_local(struct arena *arena, const char *uri)
{
	struct uri parsed;

	if (uri_parse(arena, uri, &parsed) != 0)
		return false;
	if (strcmp(parsed.scheme, "https") != 0 && strcmp(parsed.scheme, "http") != 0)
		return true;
	return uri_host_is_loopback(&parsed);
}
