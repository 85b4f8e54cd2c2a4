/* SPDX-License-Identifier: ISC */
/*
 * ID tokens (OpenID Connect Core 2).
 */
#include "core/base/json.h"
#include "core/jose/jws.h"
#include "core/oauth/claims.h"
#include "core/oauth/token/issue.h"

static void
add_amr(struct tx *tx, struct json_object *claims, const struct grant *grant)
{
	struct strlist amr;

	if (strlist_split(tx->arena, grant->amr, ' ', FACTS_MAX, &amr) == 0)
		json_add_list(claims, "amr", &amr);
}

static int64_t
expiry(const struct issue *issue)
{
	int64_t end = issue->tx->now + issue->settings->id_token_lifetime;
	int64_t most = issue->plan->not_after;

	return most && most < end ? most : end;
}

const char *
issue_id_token(struct issue *issue, const char *access_token)
{
	static const struct jws_header header = {.typ = "JWT"};
	struct tx *tx = issue->tx;
	const struct plan *plan = issue->plan;
	const struct grant *grant = &plan->state->grant;
	const struct jws_signer *key = issue_signer(tx, issue->settings->id_token_alg);
	struct json_object *claims = json_new_object(tx->arena);

	if (!key)
		return NULL;
	json_add_text(claims, "iss", tx->realm->issuer);
	json_add_text(claims, "sub", plan->state->account.sub);
	json_add_text(claims, "aud", plan->client->client_id);
	json_add_int(claims, "exp", expiry(issue));
	json_add_int(claims, "iat", tx->now);
	if (issue_has_sign_in(grant)) {
		json_add_int(claims, "auth_time", grant->auth_time);
		json_add_text(claims, "acr", grant->acr);
	}
	add_amr(tx, claims, grant);
	json_add_text(claims, "nonce", plan->nonce);
	json_add_text(claims, "sid", tx_hex(tx, grant->session_id));
	json_add_text(claims, "at_hash",
		      jwa_half_hash(tx->arena, jws_signer_alg(key), access_token));
	claims_add_requested(tx->arena, claims, grant->claims, CLAIMS_ID_TOKEN,
			     &plan->state->account);
	return jws_sign_object(tx->arena, key, &header, claims);
}
