/* SPDX-License-Identifier: ISC */
/*
 * From plan to tokens: asks for keys, uses up and stores, then makes the access token, the ID token
 * and the refresh token.
 */
#include "core/oauth/token/issue.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/jose/jws.h"
#include "core/oauth/token/refresh.h"

const struct jws_signer *
issue_signer(struct tx *tx, const char *alg)
{
	const struct jws_signer *found = keyring_signer(tx->live->ring, jws_alg_by_name(alg));

	if (!found)
		tx_log(tx, LOG_LEVEL_ERROR, "no_active_key", "alg", alg, "remedy",
		       "ostiary key rotate --now");
	return found;
}

bool
issue_has_sign_in(const struct grant *grant)
{
	/* a person whom another issuer speaks of has no context class */
	return grant_has_account(grant) && grant->acr;
}

enum store_verdict
plan_insert_grant(struct store *store, const struct plan *plan)
{
	return grant_insert(store, &plan->state->grant);
}

void
client_grant_state(struct tx *tx, const char *client_id, struct grant_state *state)
{
	*state = (struct grant_state){
		.grant =
			{
				.realm_id = tx->realm->id,
				.client_id = client_id,
				.offline = true, /* no session to end with */
				.scope = "",
				.auth_time = tx->now,
				.created_at = tx->now,
			},
		.account = {.realm_id = tx->realm->id, .sub = client_id}, /* RFC 9068 2.2 */
		.client_enabled = true,
	};
}

static bool
grant_is_stored(const struct grant *grant)
{
	static const uint8_t none[ID_SIZE];

	return memcmp(grant->id, none, ID_SIZE) != 0;
}

static enum store_verdict
use_up_and_store(struct store *store, void *context)
{
	const struct issue *issue = context;
	enum store_verdict verdict = STORE_OK;

	if (issue->plan->consume)
		verdict = issue->plan->consume(store, issue->plan);
	if (verdict == STORE_OK && issue->opaque)
		verdict = issue_store_access(store, issue);
	return verdict;
}

/* One statement needs no transaction around it: it is one. */
static enum store_verdict
persist(struct issue *issue)
{
	bool consume = issue->plan->consume != NULL;

	if (consume && (issue->opaque || issue->plan->several))
		return store_transaction(issue->tx->store, use_up_and_store, issue);
	return use_up_and_store(issue->tx->store, issue);
}

static int
make_tokens(struct issue *issue, struct token_set *set)
{
	struct tx *tx = issue->tx;
	const struct plan *plan = issue->plan;

	set->access_token = issue->opaque ? handle_text(tx->arena, HANDLE_ACCESS, &issue->access)
					  : issue_access_jwt(issue);
	if (!set->access_token)
		return -1;
	if (plan->id_token)
		set->id_token = issue_id_token(issue, set->access_token);
	if (plan->id_token && !set->id_token)
		return -1;
	if (plan->refresh_generation)
		set->refresh_token =
			refresh_make(tx, plan->state->grant.id, plan->refresh_generation);
	return plan->refresh_generation && !set->refresh_token ? -1 : 0;
}

/* Asked before anything is used up: a worker learns of new keys up to a second late, and whoever
 * tries again must find the code as it was. */
static bool
can_sign(const struct issue *issue)
{
	struct tx *tx = issue->tx;

	if ((issue->opaque || issue_signer(tx, issue->plan->target.alg)) &&
	    (!issue->plan->id_token || issue_signer(tx, issue->settings->id_token_alg)) &&
	    (!issue->plan->refresh_generation || keyring_mac_active(tx->live->ring)))
		return true;
	realms_forget(tx->provider->realms);
	(void)fail(tx, OAUTH_TEMPORARILY_UNAVAILABLE,
		   "there is no key to sign with; try again shortly", "no active key: see the log");
	return false;
}

/* Its lifetime, but no longer than the grant lasts, and for one that dies with its session, than
 * that. */
static int64_t
access_expiry(const struct tx *tx, const struct plan *plan)
{
	const struct grant_state *state = plan->state;
	int64_t expiry = tx->now + plan->target.lifetime;
	int64_t grant_end = plan->expires_at ? plan->expires_at : state->grant.expires_at;

	expiry = grant_end < expiry ? grant_end : expiry;
	if (plan->not_after && plan->not_after < expiry)
		expiry = plan->not_after;
	if (!state->grant.offline && state->session_expires_at < expiry)
		expiry = state->session_expires_at;
	return expiry;
}

static void
log_issued(struct tx *tx, const struct issue *issue)
{
	const struct grant *grant = &issue->plan->state->grant;

	tx_log(tx, LOG_LEVEL_INFO, "tokens_issued", "grant",
	       grant_is_stored(grant) ? tx_hex(tx, grant->id) : NULL, "audience",
	       strlist_join(tx->arena, &issue->plan->target.audience, ' '), "scope", issue->scope);
}

enum store_verdict
token_issue(struct tx *tx, const struct plan *plan, struct token_set *set)
{
	const struct strlist *scopes = &plan->target.scopes;
	struct issue issue = {
		.tx = tx,
		.plan = plan,
		.settings = &plan->client->settings,
		.opaque = plan->target.format == TOKEN_OPAQUE,
		.scope = scopes->count ? strlist_join(tx->arena, scopes, ' ') : NULL,
		.expires_at = access_expiry(tx, plan),
	};
	enum store_verdict verdict;

	if (!can_sign(&issue))
		return STORE_DOWN;
	if (issue.opaque && !grant_is_stored(&plan->state->grant))
		bug("an opaque token needs a grant that is stored");
	if (issue.opaque)
		handle_make(tx->provider->random, tx->now_ms, &issue.access);
	verdict = persist(&issue);
	if (verdict != STORE_OK)
		return verdict;
	*set = (struct token_set){
		.expires_in = issue.expires_at - tx->now,
		.scope = issue.scope ? issue.scope : "", /* RFC 6749 5.1: none is told too */
		.issued_token_type = plan->issued_token_type,
	};
	if (make_tokens(&issue, set) != 0)
		return STORE_DOWN;
	hash_wipe(&issue.access, sizeof(issue.access));
	log_issued(tx, &issue);
	return STORE_OK;
}
