/* SPDX-License-Identifier: ISC */
/*
 * Documents that change rarely: keys, metadata, static files; and the health of this worker.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/endpoint/call.h"
#include "core/oauth/discovery.h"

#define ENDPOINTS_MAX 16

/* RFC 9110 13.1.2: any of the listed tags, weak or not, or "*". */
static bool
has_tag(const char *header, const char *tag)
{
	return header && (strcmp(header, "*") == 0 || strstr(header, tag));
}

void
document_send(struct call *call, const char *type, const char *text, size_t size, const char *tag)
{
	struct http_response *response = call->response;

	response_header_set(response, "ETag", tag);
	if (has_tag(call->request->if_none_match, tag)) {
		response->status = 304;
		return;
	}
	response_header_set(response, "Content-Type", type);
	buf_add(&response->body, text, size);
}

void
handle_jwks(struct call *call)
{
	const struct realm_live *live = call->tx.live;

	document_send(call, "application/json", live->jwks, strlen(live->jwks), live->jwks_tag);
}

/* What discovery names: what the realm has switched on. */
static bool
is_offered(const struct route *route, const struct settings *settings)
{
	return route->member &&
	       (route->handle != handle_register || settings->registration != REGISTRATION_CLOSED);
}

void
handle_metadata(struct call *call)
{
	struct discovery_endpoint endpoints[ENDPOINTS_MAX] = {0};
	const struct realm_live *live = call->tx.live;
	struct strlist locales = locale_tags(call->tx.arena, call->tx.provider->pages->locales);
	size_t count = 0;

	if (!live->discovery) {
		for (const struct route *route = routes_table; route->path; route++)
			if (is_offered(route, &live->realm.settings) && count < ENDPOINTS_MAX - 1)
				endpoints[count++] = (struct discovery_endpoint){
					route->member, route->path, route->rate == RATE_CLIENT};
		live = realms_set_discovery(
			call->tx.provider->realms, live,
			discovery_document(call->tx.arena, live, endpoints, &locales));
	}
	document_send(call, "application/json", live->discovery, strlen(live->discovery),
		      live->discovery_tag);
}

void
handle_static(struct call *call)
{
	const struct pages *pages = call->tx.provider->pages;
	const struct static_file *file = pages_file(pages, call->rest + strlen("/static/"));

	if (!file) {
		(void)fail(&call->tx, OAUTH_NOT_FOUND, "there is nothing at this address", NULL);
		return;
	}
	document_send(call, file->type, file->data, file->size,
		      arena_printf(call->tx.arena, "\"%s\"", pages->version));
}

void
handle_health(struct call *call)
{
	struct json_object *document = json_new_object(call->tx.arena);

	if (store_ready(call->tx.store) != STORE_OK) {
		(void)fail_down(&call->tx);
		return;
	}
	json_add_text(document, "status", "ok");
	response_json(call->response, 200, document);
}
