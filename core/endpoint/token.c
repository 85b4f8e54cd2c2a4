/* SPDX-License-Identifier: ISC */
/*
 * POST /token, /introspect and /revoke: endpoints that clients authenticate at (RFC 6749 3.2, RFC
 * 7662 2, RFC 7009 2).
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/endpoint/call.h"
#include "core/oauth/client_auth.h"
#include "core/oauth/grant/grant.h"
#include "core/oauth/parameters.h"
#include "core/oauth/token/documents.h"
#include "core/oauth/token/inspect.h"

/* A page whose client fails to prove itself must be able to read why. */
static void
allow_named(struct call *call)
{
	struct tx *tx = &call->tx;
	const struct client *client;

	if (call->route->cors != CORS_CLIENT || !call->request->origin || !tx->client_id)
		return;
	if (client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings, tx->client_id,
			realms_generation(tx->provider->realms), &client) == STORE_OK)
		cors_allow_client(call, client);
}

int
call_client(struct call *call, bool public_may, const struct client **client)
{
	struct tx *tx = &call->tx;
	struct client_credentials credentials = {
		.form = &call->form,
		.endpoint = call->route->path,
		.certificate = call->request->certificate,
		.certificate_verify = call->request->certificate_verify,
	};

	if (call_read_form(call) != 0 || parameters_check(tx, &call->form) != 0)
		return -1;
	credentials.basic =
		http_credentials(tx->arena, call->request, "Basic", &credentials.malformed);
	if (call->request->authorization && !credentials.basic)
		credentials.malformed = true;
	if (client_authenticate(tx, &credentials, public_may, client) != 0) {
		allow_named(call);
		return rate_unproven(call);
	}
	if (call->route->cors == CORS_CLIENT)
		cors_allow_client(call, *client);
	return rate_client(call, *client);
}

void
handle_token(struct call *call)
{
	struct token_call *token = arena_alloc(call->tx.arena, sizeof(*token));
	struct token_set set;

	token->tx = &call->tx;
	token->form = &call->form;
	if (call_client(call, true, &token->client) != 0 || token_request(token, &set) != 0)
		return;
	response_header_set(call->response, "Pragma", "no-cache"); /* RFC 6749 5.1 */
	response_header_set(call->response, "Content-Type", "application/json");
	token_document(&set, &call->response->body);
}

static int
read_token(struct call *call, const struct client **client, bool public_may,
	   struct inspected *inspected)
{
	const char *token;

	if (call_client(call, public_may, client) != 0)
		return -1;
	token = form_get(&call->form, "token");
	if (str_empty(token))
		return fail(&call->tx, OAUTH_INVALID_REQUEST, "token is missing", NULL);
	return token_inspect(&call->tx, token, inspected);
}

/* As JSON, or for who asks for it as a JWT (RFC 9701 4). */
static void
send_introspection(struct call *call, const struct client *client,
		   const struct inspected *inspected)
{
	struct http_response *response = call->response;
	int wanted = http_accepts(call->request, INTROSPECTION_JWT_TYPE);
	struct buf document;
	const char *jwt;

	response->status = 200;
	response_header_set(response, "Vary", "Accept");
	if (!wanted || wanted < http_accepts(call->request, "application/json")) {
		response_header_set(response, "Content-Type", "application/json");
		introspection_document(&call->tx, client, inspected, &response->body);
		return;
	}
	buf_init(&document, call->tx.arena, HTTP_RESPONSE_MAX);
	introspection_document(&call->tx, client, inspected, &document);
	jwt = introspection_jwt(&call->tx, client, &document);
	if (!jwt)
		return;
	response_header_set(response, "Content-Type", INTROSPECTION_JWT_TYPE);
	buf_add_text(&response->body, jwt);
}

void
handle_introspect(struct call *call)
{
	const struct client *client;
	struct inspected inspected;

	if (read_token(call, &client, false, &inspected) != 0)
		return;
	send_introspection(call, client, &inspected);
}

/* Unknown, foreign and dead tokens get the same 200 (RFC 7009 2.2). */
void
handle_revoke(struct call *call)
{
	const struct client *client;
	struct inspected inspected = {0};

	if (read_token(call, &client, true, &inspected) != 0)
		return;
	if (inspected.found && strcmp(inspected.client_id, client->client_id) == 0 &&
	    token_end(&call->tx, &inspected) != 0)
		return;
	call->response->status = 200;
}
