/* SPDX-License-Identifier: ISC */
/*
 * grant_type=refresh_token (RFC 6749 6, RFC 9700 4.14.2, OpenID Connect Core 12). The current
 * generation rotates; the one before, within the grace time, gets the same successor without a
 * write; an older authentic one is reuse and ends the grant.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/str.h"
#include "core/oauth/authz/authz.h"
#include "core/oauth/grant/grant.h"
#include "core/oauth/token/refresh.h"
#include "core/port/people.h"

static enum store_verdict
consume(struct store *store, const struct plan *plan)
{
	return refresh_rotate(store, plan->state->grant.id, plan->refresh_generation - 1,
			      plan->now);
}

/* One text for every refresh token that is no good. */
static int
refuse(struct tx *tx, const char *why)
{
	return fail(
		tx, OAUTH_INVALID_GRANT,
		"the refresh token is unknown, expired, revoked, or was issued to another client",
		"%s", why);
}

/* RFC 6749 6: no scope beyond the grant's; unknown names are beyond it too. */
static int
choose_scopes(struct token_call *call, struct strlist *scopes)
{
	struct tx *tx = call->tx;
	const char *sent = form_get(call->form, "scope");
	struct strlist granted, asked;

	if (strlist_split(tx->arena, call->state.grant.scope, ' ', SCOPES_MAX, &granted) != 0)
		return refuse(tx, "its scope cannot be read");
	*scopes = granted;
	if (str_empty(sent))
		return 0;
	if (strlist_split(tx->arena, sent, ' ', SCOPES_ASKED_MAX, &asked) != 0 ||
	    !strlist_within(&asked, &granted))
		return fail(tx, OAUTH_INVALID_SCOPE, "scope goes beyond what was granted",
			    "asked %.500s, granted %.500s", sent, call->state.grant.scope);
	*scopes = strlist_intersect(tx->arena, &granted, &asked);
	return 0;
}

static int
choose_generation(struct token_call *call, int64_t presented)
{
	const struct grant *grant = &call->state.grant;
	const struct settings *settings = &call->client->settings;
	int64_t now = call->tx->now;

	call->plan.refresh_generation = presented + 1;
	if (presented == grant->refresh_generation) {
		if (now - grant->refresh_rotated_at >= settings->refresh_token_idle)
			return refuse(call->tx, "refresh_token_idle has passed since its last use");
		call->plan.consume = consume;
		return 0;
	}
	if (presented == grant->refresh_generation - 1 &&
	    now - grant->refresh_rotated_at < settings->refresh_token_grace)
		return 0;
	if (presented > grant->refresh_generation)
		return refuse(call->tx,
			      "its generation is newer than the database knows: was a backup "
			      "restored without `ostiary realm epoch`?");
	return grant_replayed(
		call, "refresh_reuse",
		"the refresh token is unknown, expired, revoked, or was issued to another "
		"client");
}

/* Refreshing is using: a session does not fall idle under an application that is at work. */
static int
keep_session(struct tx *tx, const struct grant_state *state)
{
	if (state->grant.offline || !session_seen_due(state->session_last_seen_at,
						      tx->realm->settings.session_idle, tx->now))
		return 0;
	return session_touch(tx->store, state->grant.session_id, tx->now) == STORE_DOWN
		       ? fail_down(tx)
		       : 0;
}

static int
find_grant(struct token_call *call, int64_t *presented)
{
	struct tx *tx = call->tx;
	const char *text = form_get(call->form, "refresh_token");
	const struct grant *grant = &call->state.grant;
	struct refresh_token token;
	enum store_verdict verdict;
	enum grant_verdict good;

	if (str_empty(text))
		return fail(tx, OAUTH_INVALID_REQUEST, "refresh_token is missing", NULL);
	if (refresh_read(tx, text, &token) != 0)
		return refuse(tx, "not a refresh token of this realm");
	verdict =
		grant_find(tx->store, tx->arena, tx->realm->id, token.grant_id, NULL, &call->state);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return refuse(tx, "its grant is gone");
	if (strcmp(grant->client_id, call->client->client_id) != 0)
		return refuse(tx, arena_printf(tx->arena, "issued to client %s", grant->client_id));
	good = grant_check(&call->state, tx->realm->epoch, tx->realm->settings.session_idle,
			   tx->now);
	if (good != GRANT_LIVE)
		return refuse(tx, grant_verdict_text(good));
	if (grant_has_account(grant) && people_check(tx, &call->state.account) != 0)
		return refuse(tx, "the person is away from where they come from");
	*presented = token.generation;
	return keep_session(tx, &call->state);
}

int
grant_refresh_prepare(struct token_call *call)
{
	struct strlist scopes;
	int64_t presented;

	if (find_grant(call, &presented) != 0)
		return -1;
	call->plan = (struct plan){
		.client = call->client,
		.state = &call->state,
		.now = call->tx->now,
	};
	if (choose_generation(call, presented) != 0 || choose_scopes(call, &scopes) != 0)
		return -1;
	call->plan.id_token = strlist_has(&scopes, "openid");
	return grant_choose_target(call, &scopes);
}

/* Another request with the same token was a moment faster: read again, and the grace time decides.
 */
int
grant_refresh_lost(struct token_call *call)
{
	return grant_refresh_prepare(call);
}
