/* SPDX-License-Identifier: ISC */
/*
 * The way back to the client.
 */
#include "core/endpoint/reply.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/uri.h"
#include "core/endpoint/call.h"

const char *
reply_form_action(struct arena *arena, const char *reply_to)
{
	struct uri uri;

	if (uri_parse(arena, reply_to, &uri) != 0)
		bug("a proven redirect URI cannot be parsed");
	if (strcmp(uri.scheme, "https") == 0)
		return "https:";
	if (strcmp(uri.scheme, "http") == 0)
		return arena_printf(arena, "%s https: http://localhost:* http://127.0.0.1:*",
				    uri_origin(arena, &uri));
	return arena_printf(arena, "%s: https:", uri.scheme);
}

static void
send_form_post(struct call *call, const struct authz *authz, const struct reply *reply)
{
	struct arena *arena = call->tx.arena;
	struct json_object *values = page_values(call, authz->client);
	struct json_object *fields = json_new_array(arena);

	for (size_t i = 0; i < reply->count; i++) {
		struct json_object *field = json_new_object(arena);

		json_add_text(field, "name", reply->name[i]);
		json_add_text(field, "value", reply->value[i]);
		json_push(fields, field);
	}
	json_add_text(values, "action", authz->reply_to);
	json_add(values, "fields", fields);
	call->form_action = reply_form_action(arena, authz->reply_to);
	page_send(call, 200, "form_post", values);
}

void
reply_send(struct call *call, const struct authz *authz, const struct reply *reply)
{
	const char *url;

	if (authz->mode == RESPONSE_FORM_POST) {
		send_form_post(call, authz, reply);
		return;
	}
	url = reply_url(call->tx.arena, authz->reply_to, reply);
	/* web servers cut long header lines off: a form has no such limit */
	if (strlen(url) > HTTP_LOCATION_MAX) {
		send_form_post(call, authz, reply);
		return;
	}
	response_header_set(call->response, "Referrer-Policy", "no-referrer");
	response_redirect(call->response, 303, url);
}
