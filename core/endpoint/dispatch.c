/* SPDX-License-Identifier: ISC */
/*
 * From a request to its endpoint: the realm by the longest issuer path, the route by its table, the
 * preconditions that are columns there.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/endpoint/call.h"

#define CACHE_SHORT_TEXT "public, max-age=300"
#define CACHE_LONG_TEXT  "public, max-age=31536000, immutable"

static const struct {
	enum http_method method;
	const char *name;
} method_names[] = {
	{HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"},     {HTTP_POST, "POST"},
	{HTTP_PUT, "PUT"}, {HTTP_DELETE, "DELETE"},
};

/* The well-known prefix stands before the issuer's path in RFC 8414 3.1, behind it in OpenID
 * Connect Discovery 4. */
static const char *const well_known[] = {
	"/.well-known/openid-configuration",
	"/.well-known/oauth-authorization-server",
};

static struct realm_live *
realm_by_well_known(struct call *call)
{
	const struct realms *realms = call->tx.provider->realms;
	const char *path = call->request->path;
	struct realm_live *live;
	const char *rest;

	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++) {
		size_t size = strlen(well_known[i]);

		if (!str_starts(path, well_known[i]) || (path[size] != '\0' && path[size] != '/'))
			continue;
		live = realms_by_path(realms, call->request->vhost, path + size, &rest);
		if (!live || *rest != '\0')
			return NULL;
		call->rest = well_known[i];
		return live;
	}
	return NULL;
}

static int
find_realm(struct call *call)
{
	struct tx *tx = &call->tx;
	struct realm_live *live = realm_by_well_known(call);

	if (!live)
		live = realms_by_path(tx->provider->realms, call->request->vhost,
				      call->request->path, &call->rest);
	if (!live)
		return fail(tx, OAUTH_NOT_FOUND, "there is nothing at this address",
			    "no realm's issuer begins %.200s%s", call->request->path,
			    call->request->vhost ? " on this virtual host" : "");
	tx_enter(tx, live);
	return 0;
}

const char *
route_methods(const struct call *call)
{
	struct strlist names = {0};

	for (size_t i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++)
		if (call->route->methods & METHOD(method_names[i].method))
			names = strlist_with(call->tx.arena, &names, method_names[i].name);
	return strlist_join(call->tx.arena, &names, ',');
}

static int
refuse_method(struct call *call)
{
	response_header_set(call->response, "Allow", route_methods(call));
	return fail(&call->tx, OAUTH_METHOD_NOT_ALLOWED, "this address does not take that method",
		    NULL);
}

static int
find_route(struct call *call)
{
	call->route = route_find(call->rest);
	if (!call->route)
		return fail(&call->tx, OAUTH_NOT_FOUND, "there is nothing at this address",
			    "no endpoint %.200s in this realm", call->rest);
	if (call->request->method == HTTP_OPTIONS && call->route->cors != CORS_NONE)
		return 0;
	if (call->request->method == HTTP_OTHER || call->request->method == HTTP_OPTIONS ||
	    !(call->route->methods & METHOD(call->request->method)))
		return refuse_method(call);
	return 0;
}

static void
set_headers(struct call *call)
{
	struct http_response *response = call->response;

	response_header_set(response, "X-Content-Type-Options", "nosniff");
	switch (call->route->cache) {
	case CACHE_NEVER:
		response_header_set(response, "Cache-Control", "no-store");
		break;
	case CACHE_SHORT:
		response_header_set(response, "Cache-Control", CACHE_SHORT_TEXT);
		break;
	case CACHE_LONG:
		response_header_set(response, "Cache-Control", CACHE_LONG_TEXT);
		break;
	}
	if (call->route->cors == CORS_ANY)
		response_header_set(response, "Access-Control-Allow-Origin", "*");
	if (call->route->cors == CORS_CLIENT)
		response_header_set(response, "Vary", "Origin");
}

static int
read_query(struct call *call)
{
	const char *query = call->request->query;

	if (form_parse(call->tx.arena, query, strlen(query), &call->query) != FORM_OK)
		return fail(&call->tx, OAUTH_INVALID_REQUEST,
			    "the query is not valid application/x-www-form-urlencoded UTF-8", NULL);
	form_drop_empty(&call->query);
	return 0;
}

int
call_read_form(struct call *call)
{
	struct tx *tx = &call->tx;
	const struct http_request *request = call->request;

	if (!http_content_is(request, "application/x-www-form-urlencoded"))
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "the Content-Type must be application/x-www-form-urlencoded",
			    "sent %.100s", request->content_type ? request->content_type : "none");
	if (form_parse(tx->arena, request->body, request->body_size, &call->form) != FORM_OK)
		return fail(tx, OAUTH_INVALID_REQUEST,
			    "the body is not valid application/x-www-form-urlencoded UTF-8", NULL);
	form_drop_empty(&call->form);
	return 0;
}

static int
check_body(struct call *call)
{
	switch (call->request->body_state) {
	case HTTP_BODY_WHOLE:
		return 0;
	case HTTP_BODY_TOO_LARGE:
		return fail(&call->tx, OAUTH_BODY_TOO_LARGE, "the body is larger than 65536 bytes",
			    NULL);
	case HTTP_BODY_BROKEN:
		break;
	}
	return fail(&call->tx, OAUTH_INVALID_REQUEST, "the body ended early", NULL);
}

static int
refresh_realms(struct call *call)
{
	struct tx *tx = &call->tx;

	switch (realms_refresh(tx->provider->realms, tx->now_ms)) {
	case STORE_OK:
		return 0;
	case STORE_NONE:
		return fail(
			tx, OAUTH_TEMPORARILY_UNAVAILABLE, "the service is being upgraded",
			"the database schema is not one this program works with: ostiary migrate");
	case STORE_CONFLICT:
	case STORE_DOWN:
		break;
	}
	return fail_down(tx);
}

static int
prepare(struct call *call)
{
	const struct http_request *request = call->request;

	if (refresh_realms(call) != 0) {
		call->route = request->path ? route_guess(request->path) : NULL;
		return -1;
	}
	if (!request->path)
		return fail(&call->tx, OAUTH_INVALID_REQUEST,
			    "the path of the URL is not acceptable",
			    "a bad escape, an empty or dot segment, %%2F, %%00 or a byte outside "
			    "ASCII");
	if (find_realm(call) != 0 || find_route(call) != 0)
		return -1;
	set_headers(call);
	if (check_body(call) != 0)
		return -1;
	if (call->route->rate == RATE_STRANGER && request->method != HTTP_OPTIONS &&
	    rate_network(call) != 0)
		return -1;
	return read_query(call);
}

static void
begin(struct call *call, const struct provider *provider, struct arena *arena)
{
	const struct http_request *request = call->request;

	tx_begin(&call->tx, provider, arena);
	call->tx.address = request->address;
	call->tx.actor = "person";
	call->locale = locale_pick(provider->pages->locales, NULL, request->accept_language);
	call->response->head = request->method == HTTP_HEAD;
}

void
app_refuse(const struct provider *provider, struct arena *arena, const struct http_request *request,
	   struct http_response *response, const char *reason)
{
	struct call call = {.request = request, .response = response};

	begin(&call, provider, arena);
	(void)fail(&call.tx, OAUTH_TEMPORARILY_UNAVAILABLE, "the service cannot answer now", "%s",
		   reason);
	failure_send(&call);
}

static void
do_later(void *context)
{
	struct call *call = context;

	call->tx.later(&call->tx);
}

void
app_handle(const struct provider *provider, struct arena *arena, const struct http_request *request,
	   struct http_response *response)
{
	struct call *call = arena_alloc(arena, sizeof(*call));

	call->request = request;
	call->response = response;
	begin(call, provider, arena);
	if (prepare(call) != 0) {
		failure_send(call);
		return;
	}
	if (request->method == HTTP_OPTIONS) {
		cors_preflight(call);
		return;
	}
	if (call->route->kind == ROUTE_API)
		call->tx.actor = "client";
	call->route->handle(call);
	if (call->tx.failure.error != OAUTH_NONE)
		failure_send(call);
	if (call->tx.later) {
		response->after = do_later;
		response->after_context = call;
	}
}
