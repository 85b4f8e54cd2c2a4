/* SPDX-License-Identifier: ISC */
/*
 * Every URL, as one table. Discovery, CORS, caching and the methods of 405 are derived from it.
 */
#include <string.h>

#include "core/base/str.h"
#include "core/endpoint/call.h"

#define GET_OR_POST (METHOD(HTTP_GET) | METHODS_POST)

const struct route routes_table[] = {
	{"/authorize", GET_OR_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE,
	 "authorization_endpoint", handle_authorize},
	{"/token", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, RATE_CLIENT, "token_endpoint",
	 handle_token},
	{"/par", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, RATE_CLIENT,
	 "pushed_authorization_request_endpoint", handle_par},
	{"/device_authorization", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, RATE_CLIENT,
	 "device_authorization_endpoint", handle_device_authorization},
	{"/device", GET_OR_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_device},
	{"/device/qr", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_NEVER, RATE_STRANGER, NULL,
	 handle_device_qr},
	{"/userinfo", METHODS_GET | METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, RATE_NONE,
	 "userinfo_endpoint", handle_userinfo},
	{"/jwks", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT, RATE_NONE, "jwks_uri",
	 handle_jwks},
	{"/introspect", METHODS_POST, ROUTE_API, CORS_NONE, CACHE_NEVER, RATE_CLIENT,
	 "introspection_endpoint", handle_introspect},
	{"/revoke", METHODS_POST, ROUTE_API, CORS_CLIENT, CACHE_NEVER, RATE_CLIENT,
	 "revocation_endpoint", handle_revoke},
	{"/register", METHODS_POST, ROUTE_API, CORS_ANY, CACHE_NEVER, RATE_STRANGER,
	 "registration_endpoint", handle_register},
	{"/register/", METHODS_GET | METHOD(HTTP_PUT) | METHOD(HTTP_DELETE), ROUTE_API, CORS_ANY,
	 CACHE_NEVER, RATE_STRANGER, NULL, handle_registered},
	{"/logout", GET_OR_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE,
	 "end_session_endpoint", handle_logout},
	{"/.well-known/openid-configuration", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT,
	 RATE_NONE, NULL, handle_metadata},
	{"/.well-known/oauth-authorization-server", METHODS_GET, ROUTE_API, CORS_ANY, CACHE_SHORT,
	 RATE_NONE, NULL, handle_metadata},
	{"/signin", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_signin},
	{"/signin/answer", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_signin_answer},
	{"/signin/wait/", METHOD(HTTP_GET), ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_signin_wait},
	{"/consent", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_consent},
	{"/select", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_select},
	{"/signout", METHODS_POST, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL,
	 handle_signout},
	{"/health", METHODS_GET, ROUTE_API, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL, handle_health},
	{"/logo", METHODS_GET, ROUTE_API, CORS_NONE, CACHE_SHORT, RATE_NONE, NULL, handle_logo},
	{"/static/", METHODS_GET, ROUTE_PAGE, CORS_NONE, CACHE_LONG, RATE_NONE, NULL,
	 handle_static},
	{NULL, 0, ROUTE_PAGE, CORS_NONE, CACHE_NEVER, RATE_NONE, NULL, NULL},
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
