/* SPDX-License-Identifier: ISC */
/*
 * From plan to tokens: JWT access tokens (RFC 9068) or opaque ones, ID tokens (OpenID Connect Core
 * 2), refresh tokens.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/jose/jws.h"
#include "core/model/handle.h"
#include "core/oauth/claims.h"
#include "core/oauth/token/plan.h"
#include "core/oauth/token/refresh.h"

struct issue {
	struct tx *tx;
	const struct plan *plan;
	const struct settings *settings;
	struct handle access; /* opaque format */
	bool opaque;
	const char *scope;  /* NULL: none was granted */
	int64_t expires_at; /* of the access token */
};

static const struct jws_signer *
signer(struct tx *tx, const char *alg)
{
	const struct jws_signer *found = keyring_signer(tx->live->ring, jws_alg_by_name(alg));

	if (!found)
		tx_log(tx, LOG_LEVEL_ERROR, "no_active_key", "alg", alg, "remedy",
		       "ostiary key rotate --now");
	return found;
}

/* A token's jti: its grant's id and 16 random bytes, so the grant is found by it. */
static char *
make_jti(struct tx *tx, const uint8_t grant_id[ID_SIZE])
{
	uint8_t jti[JTI_SIZE];

	memcpy(jti, grant_id, ID_SIZE);
	rand_fill(tx->provider->random, jti + ID_SIZE, sizeof(jti) - ID_SIZE);
	return b64url_encode(tx->arena, jti, sizeof(jti));
}

static void
add_sign_in(struct json_object *claims, const struct grant *grant)
{
	json_add_int(claims, "auth_time", grant->auth_time);
	json_add_text(claims, "acr", grant->acr);
}

static void
add_amr(struct tx *tx, struct json_object *claims, const struct grant *grant)
{
	struct strlist amr;

	if (strlist_split(tx->arena, grant->amr, ' ', FACTS_MAX, &amr) == 0)
		json_add_list(claims, "amr", &amr);
}

static const char *
access_jwt(struct issue *issue)
{
	static const struct jws_header header = {.typ = "at+jwt"};
	struct tx *tx = issue->tx;
	const struct grant *grant = &issue->plan->state->grant;
	const struct jws_signer *key = signer(tx, issue->settings->access_token_alg);
	struct json_object *claims = json_new_object(tx->arena);

	if (!key)
		return NULL;
	json_add_text(claims, "iss", tx->realm->issuer);
	json_add_text(claims, "sub", issue->plan->state->account.sub);
	json_add_text(claims, "aud", tx->realm->issuer);
	json_add_int(claims, "exp", issue->expires_at);
	json_add_int(claims, "iat", tx->now);
	json_add_text(claims, "jti", make_jti(tx, grant->id));
	json_add_text(claims, "client_id", issue->plan->client->client_id);
	json_add_text(claims, "scope", issue->scope);
	add_sign_in(claims, grant);
	return jws_sign_object(tx->arena, key, &header, claims);
}

static const char *
id_token(struct issue *issue, const char *access_token)
{
	static const struct jws_header header = {.typ = "JWT"};
	struct tx *tx = issue->tx;
	const struct plan *plan = issue->plan;
	const struct grant *grant = &plan->state->grant;
	const struct jws_signer *key = signer(tx, issue->settings->id_token_alg);
	struct json_object *claims = json_new_object(tx->arena);

	if (!key)
		return NULL;
	json_add_text(claims, "iss", tx->realm->issuer);
	json_add_text(claims, "sub", plan->state->account.sub);
	json_add_text(claims, "aud", plan->client->client_id);
	json_add_int(claims, "exp", tx->now + issue->settings->id_token_lifetime);
	json_add_int(claims, "iat", tx->now);
	add_sign_in(claims, grant);
	add_amr(tx, claims, grant);
	json_add_text(claims, "nonce", plan->nonce);
	json_add_text(claims, "sid", tx_hex(tx, grant->session_id));
	json_add_text(claims, "at_hash",
		      jwa_half_hash(tx->arena, jws_signer_alg(key), access_token));
	claims_add_requested(tx->arena, claims, grant->claims, CLAIMS_ID_TOKEN,
			     &plan->state->account);
	return jws_sign_object(tx->arena, key, &header, claims);
}

static enum store_verdict
store_access(struct store *store, const struct issue *issue)
{
	const struct tx *tx = issue->tx;
	struct access_row row = {
		.realm_id = tx->realm->id,
		.scope = issue->scope ? issue->scope : "",
		.issued_at = tx->now,
		.expires_at = issue->expires_at,
	};

	memcpy(row.id, issue->access.id, ID_SIZE);
	memcpy(row.hash, issue->access.hash, sizeof(row.hash));
	memcpy(row.grant_id, issue->plan->state->grant.id, ID_SIZE);
	return access_insert(store, &row);
}

static enum store_verdict
use_up_and_store(struct store *store, void *context)
{
	const struct issue *issue = context;
	enum store_verdict verdict = STORE_OK;

	if (issue->plan->consume)
		verdict = issue->plan->consume(store, issue->plan);
	if (verdict == STORE_OK && issue->opaque)
		verdict = store_access(store, issue);
	return verdict;
}

/* One statement needs no transaction around it: it is one. */
static enum store_verdict
persist(struct issue *issue)
{
	bool consume = issue->plan->consume != NULL;

	if (consume && issue->opaque)
		return store_transaction(issue->tx->store, use_up_and_store, issue);
	return use_up_and_store(issue->tx->store, issue);
}

static int
make_tokens(struct issue *issue, struct token_set *set)
{
	struct tx *tx = issue->tx;
	const struct plan *plan = issue->plan;

	set->access_token = issue->opaque ? handle_text(tx->arena, HANDLE_ACCESS, &issue->access)
					  : access_jwt(issue);
	if (!set->access_token)
		return -1;
	if (plan->id_token)
		set->id_token = id_token(issue, set->access_token);
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

	if ((issue->opaque || signer(tx, issue->settings->access_token_alg)) &&
	    (!issue->plan->id_token || signer(tx, issue->settings->id_token_alg)) &&
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
	int64_t expiry = tx->now + plan->client->settings.access_token_lifetime;
	int64_t grant_end = plan->expires_at ? plan->expires_at : state->grant.expires_at;

	expiry = grant_end < expiry ? grant_end : expiry;
	if (!state->grant.offline && state->session_expires_at < expiry)
		expiry = state->session_expires_at;
	return expiry;
}

enum store_verdict
token_issue(struct tx *tx, const struct plan *plan, struct token_set *set)
{
	struct issue issue = {
		.tx = tx,
		.plan = plan,
		.settings = &plan->client->settings,
		.opaque = plan->client->settings.access_token_format == TOKEN_OPAQUE,
		.scope = plan->scopes.count ? strlist_join(tx->arena, &plan->scopes, ' ') : NULL,
		.expires_at = access_expiry(tx, plan),
	};
	enum store_verdict verdict;

	if (!can_sign(&issue))
		return STORE_DOWN;
	if (issue.opaque)
		handle_make(tx->provider->random, tx->now_ms, &issue.access);
	verdict = persist(&issue);
	if (verdict != STORE_OK)
		return verdict;
	*set = (struct token_set){
		.expires_in = issue.expires_at - tx->now,
		.scope = issue.scope,
	};
	if (make_tokens(&issue, set) != 0)
		return STORE_DOWN;
	hash_wipe(&issue.access, sizeof(issue.access));
	tx_log(tx, LOG_LEVEL_INFO, "tokens_issued", "grant", tx_hex(tx, plan->state->grant.id),
	       "scope", issue.scope);
	return STORE_OK;
}
