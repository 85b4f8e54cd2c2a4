/* SPDX-License-Identifier: ISC */
/*
 * Every URL, as one table. Discovery, CORS, caching and the methods of 405 are derived from it.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/endpoint/call.h"

#define GET_OR_POST (METHOD(HTTP_GET) | METHODS_POST)

const struct route routes_table[] = {
	{"/authorize", GET_OR_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, "authorization_endpoint",
	 handle_authorize},
	{"/token", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, "token_endpoint",
	 handle_token},
	{"/userinfo", METHODS_GET | METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER,
	 "userinfo_endpoint", handle_userinfo},
	{"/jwks", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT, "jwks_uri", handle_jwks},
	{"/introspect", METHODS_POST, ROUTE_API, CORS_NONE, CACHE_NEVER, "introspection_endpoint",
	 handle_introspect},
	{"/revoke", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, "revocation_endpoint",
	 handle_revoke},
	{"/logout", GET_OR_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, "end_session_endpoint",
	 handle_logout},
	{"/.well-known/openid-configuration", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT, NULL,
	 handle_metadata},
	{"/.well-known/oauth-authorization-server", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT,
	 NULL, handle_metadata},
	{"/signin", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, NULL, handle_signin},
	{"/consent", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, NULL, handle_consent},
	{"/select", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, NULL, handle_select},
	{"/signout", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, NULL, handle_signout},
	{"/health", METHODS_GET, ROUTE_API, CORS_NONE, CACHE_NEVER, NULL, handle_health},
	{"/static/", METHODS_GET, ROUTE_PAGE, CORS_NONE, CACHE_LONG, NULL, handle_static},
	{NULL, 0, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, NULL, NULL},
};

const struct route *
route_find(const char *rest)
{
	for (const struct route *route = routes_table; route->path; route++) {
		if (str_ends(route->path, "/") ? str_starts(rest, route->path)
					       : strcmp(rest, route->path) == 0)
			return route;
	}
	return NULL;
}

const struct route *
route_guess(const char *path)
{
	for (const struct route *route = routes_table; route->path; route++)
		if (str_ends(path, route->path))
			return route;
	return NULL;
}
