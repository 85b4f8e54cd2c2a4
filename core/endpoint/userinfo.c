/* SPDX-License-Identifier: ISC */
/*
 * /userinfo (OpenID Connect Core 5.3): GET and POST; the token in the header or a form body, never
 * in the query (RFC 6750 2.3 is not offered).
 */
#include "core/base/arena.h"
#include "core/endpoint/call.h"
#include "core/model/client.h"
#include "core/oauth/token/documents.h"

/* Errors must be readable by the page whose token it was, so the client is looked up as soon as the
 * token is known. */
static void
allow_origin(struct call *call, const struct inspected *inspected)
{
	struct tx *tx = &call->tx;
	const struct client *client;

	if (!call->request->origin || !inspected->client_id)
		return;
	if (client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings,
			inspected->client_id, realms_generation(tx->provider->realms),
			&client) == STORE_OK)
		cors_allow_client(call, client);
}

/* The token, or NULL with the failure. A request without one is challenged without an error code
 * (RFC 6750 3.1). */
static const char *
read_token(struct call *call)
{
	struct tx *tx = &call->tx;
	bool malformed = false;
	const char *header = http_credentials(tx->arena, call->request, "Bearer", &malformed);
	const char *body;

	if (malformed) {
		(void)fail(tx, OAUTH_INVALID_REQUEST,
			   "the Authorization header is malformed or was sent twice", NULL);
		return NULL;
	}
	if (call->request->method == HTTP_POST && call->request->body_size &&
	    call_read_form(call) != 0)
		return NULL;
	body = form_get(&call->form, "access_token");
	if ((header && body) || form_count(&call->form, "access_token") > 1) {
		(void)fail(tx, OAUTH_INVALID_REQUEST, "the token was sent twice; send it once",
			   NULL);
		return NULL;
	}
	tx->failure.nothing_sent = !header && !body;
	if (tx->failure.nothing_sent)
		(void)fail(tx, OAUTH_INVALID_TOKEN, "no access token; send Authorization: Bearer",
			   NULL);
	return header ? header : body;
}

static int
judge(struct call *call, const struct inspected *inspected)
{
	struct tx *tx = &call->tx;

	if (inspected->kind == TOKEN_KIND_REFRESH || !inspected->live)
		return fail(tx, OAUTH_INVALID_TOKEN,
			    "the access token is invalid, expired or revoked", "%s",
			    inspected->kind == TOKEN_KIND_REFRESH ? "it is a refresh token"
								  : inspected->why_not);
	tx->client_id = inspected->client_id;
	if (!strlist_has(&inspected->audience, tx->realm->issuer))
		return fail(tx, OAUTH_INVALID_TOKEN, "the access token is for another audience",
			    "audience %.500s", strlist_join(tx->arena, &inspected->audience, ' '));
	if (!grant_has_account(&inspected->state.grant) ||
	    !strlist_has(&inspected->scopes, "openid"))
		return fail(tx, OAUTH_INSUFFICIENT_SCOPE, "the access token lacks the scope openid",
			    NULL);
	return 0;
}

void
handle_userinfo(struct call *call)
{
	const char *token;
	struct inspected *inspected;

	call->bearer_scope = "openid";
	token = read_token(call);
	if (!token)
		return;
	inspected = arena_alloc(call->tx.arena, sizeof(*inspected));
	if (token_inspect(&call->tx, token, inspected) != 0)
		return;
	allow_origin(call, inspected);
	if (judge(call, inspected) != 0)
		return;
	if (grant_read_claims(call->tx.arena, &inspected->state) != 0)
		(void)fail(&call->tx, OAUTH_SERVER_ERROR,
			   "the claims of the account cannot be read", NULL);
	else
		response_json(call->response, 200, userinfo_document(&call->tx, inspected));
}
