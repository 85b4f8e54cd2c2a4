/* SPDX-License-Identifier: ISC */
/*
 * grant_type=authorization_code (RFC 6749 4.1.3, RFC 7636 4.5, OpenID Connect Core 3.1.3): the code
 * is bound to client, redirect URI and challenge; a second use ends what the first one gave.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/model/handle.h"
#include "core/oauth/grant/grant.h"
#include "core/oauth/pkce.h"

static enum store_verdict
consume(struct store *store, const struct plan *plan)
{
	const struct code_use use = {
		.grant_id = plan->state->grant.id,
		.code_hash = plan->code_hash,
		.with_refresh = plan->refresh_generation != 0,
		.now = plan->now,
		.expires_at = plan->expires_at,
	};

	return code_consume(store, &use);
}

/* One text for every code that is no good: a caller learns nothing from it. */
static int
refuse(struct tx *tx, const char *why)
{
	return fail(tx, OAUTH_INVALID_GRANT,
		    "the code is unknown, expired, used, or was issued to another client", "%s",
		    why);
}

static int
check_redirect_uri(struct token_call *call)
{
	const struct grant *grant = &call->state.grant;
	const char *sent = form_get(call->form, "redirect_uri");

	if (sent && strcmp(sent, grant->redirect_uri) != 0)
		return fail(call->tx, OAUTH_INVALID_GRANT,
			    "redirect_uri differs from that of the authorization request",
			    "sent %.500s, authorized %.500s", sent, grant->redirect_uri);
	if (!sent && grant->redirect_uri_sent && !grant->code_challenge)
		return fail(call->tx, OAUTH_INVALID_GRANT,
			    "redirect_uri is missing; send the one of the authorization request",
			    NULL);
	return 0;
}

static int
check_pkce(struct token_call *call)
{
	struct tx *tx = call->tx;
	const char *challenge = call->state.grant.code_challenge;
	const char *verifier = form_get(call->form, "code_verifier");

	if (!challenge && !verifier)
		return 0;
	if (!challenge)
		return fail(tx, OAUTH_INVALID_GRANT,
			    "code_verifier was sent, but the authorization request had no "
			    "code_challenge",
			    NULL);
	if (!verifier)
		return fail(
			tx, OAUTH_INVALID_GRANT,
			"code_verifier is missing; send the one that code_challenge was made of",
			NULL);
	if (!pkce_verifier_valid(verifier))
		return fail(tx, OAUTH_INVALID_GRANT,
			    "code_verifier must be 43 to 128 letters, digits or -._~", NULL);
	if (!pkce_matches(verifier, challenge))
		return fail(tx, OAUTH_INVALID_GRANT,
			    "code_verifier does not match the code_challenge of the authorization "
			    "request",
			    NULL);
	return 0;
}

static int
find_grant(struct token_call *call, struct handle *handle)
{
	struct tx *tx = call->tx;
	const char *code = form_get(call->form, "code");
	const struct grant *grant = &call->state.grant;
	enum store_verdict verdict;
	enum grant_verdict good;

	if (str_empty(code))
		return fail(tx, OAUTH_INVALID_REQUEST, "code is missing", NULL);
	if (handle_parse(HANDLE_CODE, code, handle) != 0)
		return refuse(tx, "malformed");
	verdict = grant_find(tx->store, tx->arena, tx->realm->id, handle->id, NULL, &call->state);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK || !hash_equal(grant->code_hash, handle->hash, SHA256_SIZE))
		return refuse(tx, "no such code");
	if (strcmp(grant->client_id, call->client->client_id) != 0)
		return refuse(tx, arena_printf(tx->arena, "issued to client %s", grant->client_id));
	if (grant->code_consumed_at)
		return grant_replayed(
			call, "code_replay",
			"the code is unknown, expired, used, or was issued to another client");
	if (grant->code_expires_at <= tx->now)
		return refuse(tx, "expired");
	good = grant_check(&call->state, tx->realm->epoch, tx->realm->settings.session_idle,
			   tx->now);
	return good == GRANT_LIVE ? 0 : refuse(tx, grant_verdict_text(good));
}

static int64_t
grant_end(const struct token_call *call, bool with_refresh)
{
	const struct settings *settings = &call->client->settings;
	int64_t access = call->tx->now + call->plan.target.lifetime;
	int64_t refresh = call->state.grant.created_at + settings->refresh_token_lifetime;

	return with_refresh && refresh > access ? refresh : access;
}

int
grant_code_prepare(struct token_call *call)
{
	struct tx *tx = call->tx;
	const struct grant *grant = &call->state.grant;
	struct plan *plan = &call->plan;
	struct handle handle;
	struct strlist scopes;
	bool with_refresh = strlist_has(&call->client->grant_types, "refresh_token");

	if (find_grant(call, &handle) != 0 || check_redirect_uri(call) != 0 ||
	    check_pkce(call) != 0)
		return -1;
	if (strlist_split(tx->arena, grant->scope, ' ', SCOPES_MAX, &scopes) != 0)
		return refuse(tx, "its scope cannot be read");
	*plan = (struct plan){
		.client = call->client,
		.state = &call->state,
		.id_token = strlist_has(&scopes, "openid"),
		.nonce = grant->nonce,
		.refresh_generation = with_refresh ? 1 : 0,
		.consume = consume,
		.code_hash = arena_copy(tx->arena, handle.hash, sizeof(handle.hash)),
		.now = tx->now,
	};
	if (grant_choose_target(call, &scopes) != 0)
		return -1;
	plan->expires_at = grant_end(call, with_refresh);
	return 0;
}

/* Somebody else used the code between our read and our update: that is a replay too. */
int
grant_code_lost(struct token_call *call)
{
	return grant_replayed(
		call, "code_replay",
		"the code is unknown, expired, used, or was issued to another client");
}
