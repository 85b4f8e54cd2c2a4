/* SPDX-License-Identifier: ISC */
/*
 * Whether what a grant gave is still good: a pure function of the grant and all that it depends on.
 * The first reason in the order below is the one that is told.
 */
#include "core/model/grant.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/str.h"

static bool
session_is_over(const struct grant_state *state, int64_t idle, int64_t now)
{
	if (state->grant.offline)
		return false;
	/* an expiry of 0 is a row that is gone */
	return state->session_ended_at != 0 || now >= state->session_expires_at ||
	       now >= state->session_last_seen_at + idle;
}

bool
grant_has_account(const struct grant *grant)
{
	static const uint8_t nobody[ID_SIZE];

	return memcmp(grant->account_id, nobody, ID_SIZE) != 0;
}

static bool
account_has_changed(const struct grant_state *state)
{
	return grant_has_account(&state->grant) &&
	       (account_is_off(&state->account) ||
		state->account.auth_epoch != state->grant.auth_epoch);
}

enum grant_verdict
grant_check(const struct grant_state *state, int64_t epoch, int64_t idle, int64_t now)
{
	const struct grant *grant = &state->grant;

	if (grant->revoked_at != 0)
		return GRANT_REVOKED;
	if (now >= grant->expires_at)
		return GRANT_EXPIRED;
	if (!state->client_enabled)
		return GRANT_CLIENT_GONE;
	if (account_has_changed(state))
		return GRANT_ACCOUNT_CHANGED;
	if (session_is_over(state, idle, now))
		return GRANT_SESSION_ENDED;
	/* an old session must not have bought a new grant while workers still learned of the epoch
	 */
	if (grant->created_at < epoch || grant->auth_time < epoch)
		return GRANT_BEFORE_EPOCH;
	return GRANT_LIVE;
}

const char *
grant_verdict_text(enum grant_verdict verdict)
{
	switch (verdict) {
	case GRANT_LIVE:
		return "the grant is good";
	case GRANT_REVOKED:
		return "the grant was revoked";
	case GRANT_EXPIRED:
		return "the grant has expired";
	case GRANT_SESSION_ENDED:
		return "the session that the grant belongs to has ended";
	case GRANT_ACCOUNT_CHANGED:
		return "the account was disabled or has a new password since";
	case GRANT_CLIENT_GONE:
		return "the client is disabled or was removed";
	case GRANT_BEFORE_EPOCH:
		return "the grant was made before all grants of the realm were ended";
	}
	bug("unknown grant verdict");
}

int
grant_read_claims(struct arena *arena, struct grant_state *state)
{
	const char *text = state->account_claims;
	struct account *account = &state->account;

	if (account->claims)
		return 0;
	if (!grant_has_account(&state->grant)) {
		account->claims = json_new_object(arena);
		return 0;
	}
	account->claims = json_parse_object(arena, text, strlen(text), NULL);
	if (!account->claims)
		return -1;
	if (str_empty(json_text_or_null(account->claims, "preferred_username")))
		json_add_text(account->claims, "preferred_username", account->username);
	if (!json_object_object_get_ex(account->claims, "updated_at", NULL))
		json_add_int(account->claims, "updated_at", account->updated_at);
	return 0;
}
