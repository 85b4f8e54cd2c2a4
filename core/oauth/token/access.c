/* SPDX-License-Identifier: ISC */
/*
 * Access tokens: JWTs (RFC 9068), or opaque ones with the same content in a row.
 */
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"
#include "core/base/json.h"
#include "core/base/json_print.h"
#include "core/jose/jws.h"
#include "core/oauth/token/inspect.h"
#include "core/oauth/token/issue.h"

#define CLAIMS_TEXT_MAX (128 * 1024) /* bytes; all that claims are made of has smaller maxima */

/* A token's jti: its grant's id and 16 random bytes, so the grant is found by it; zeros where there
 * is none. */
static char *
make_jti(struct tx *tx, const uint8_t grant_id[ID_SIZE])
{
	uint8_t jti[JTI_SIZE];

	memcpy(jti, grant_id, ID_SIZE);
	rand_fill(tx->provider->random, jti + ID_SIZE, sizeof(jti) - ID_SIZE);
	return b64url_encode(tx->arena, jti, sizeof(jti));
}

/* act and may_act (RFC 8693 4.1, 4.4). */
static void
put_actors(const struct issue *issue, struct json_members *claims)
{
	const struct plan *plan = issue->plan;

	json_put(claims, "act", plan->act);
	json_put(claims, "may_act",
		 plan->may_act ? plan->may_act : may_act_of_account(issue->tx->arena, plan->state));
}

static void
put_audience(struct json_members *claims, const struct strlist *audience)
{
	if (audience->count == 1)
		json_put_text(claims, "aud", audience->item[0]);
	else
		json_put_list(claims, "aud", audience);
}

static void
put_sign_in(struct json_members *claims, const struct grant *grant)
{
	if (!issue_has_sign_in(grant))
		return;
	json_put_int(claims, "auth_time", grant->auth_time);
	json_put_text(claims, "acr", grant->acr);
}

const char *
issue_access_jwt(struct issue *issue)
{
	static const struct jws_header header = {.typ = "at+jwt"};
	struct tx *tx = issue->tx;
	const struct plan *plan = issue->plan;
	const struct jws_signer *key = issue_signer(tx, plan->target.alg);
	struct json_members claims;
	struct buf text;

	if (!key)
		return NULL;
	buf_init(&text, tx->arena, CLAIMS_TEXT_MAX);
	json_open(&claims, &text);
	json_put_text(&claims, "iss", tx->realm->issuer);
	json_put_text(&claims, "sub", plan->state->account.sub);
	put_audience(&claims, &plan->target.audience);
	json_put_int(&claims, "exp", issue->expires_at);
	json_put_int(&claims, "iat", tx->now);
	json_put_text(&claims, "jti", make_jti(tx, plan->state->grant.id));
	json_put_text(&claims, "client_id", plan->client->client_id);
	json_put_text(&claims, "scope", issue->scope);
	put_sign_in(&claims, &plan->state->grant);
	put_actors(issue, &claims);
	json_close(&claims);
	if (buf_failed(&text))
		bug("the claims of a token are too long");
	return jws_sign(tx->arena, key, &header, text.data, text.size);
}

static const char *
audience_text(const struct issue *issue)
{
	const struct tx *tx = issue->tx;
	const struct strlist *audience = &issue->plan->target.audience;

	if (audience->count == 1 && strcmp(audience->item[0], tx->realm->issuer) == 0)
		return NULL;
	return strlist_join(tx->arena, audience, ' ');
}

static const char *
extra_text(const struct issue *issue)
{
	struct json_members members;
	struct buf text;

	buf_init(&text, issue->tx->arena, CLAIMS_TEXT_MAX);
	json_open(&members, &text);
	put_actors(issue, &members);
	json_close(&members);
	if (buf_failed(&text))
		bug("the claims of a token are too long");
	return str_equal(text.data, "{}") ? NULL : text.data;
}

enum store_verdict
issue_store_access(struct store *store, const struct issue *issue)
{
	const struct tx *tx = issue->tx;
	const struct grant *grant = &issue->plan->state->grant;
	const char *client_id = issue->plan->client->client_id;
	struct access_row row = {
		.realm_id = tx->realm->id,
		.client_id = strcmp(client_id, grant->client_id) == 0 ? NULL : client_id,
		.scope = issue->scope ? issue->scope : "",
		.audience = audience_text(issue),
		.extra = extra_text(issue),
		.issued_at = tx->now,
		.expires_at = issue->expires_at,
	};

	memcpy(row.id, issue->access.id, ID_SIZE);
	memcpy(row.hash, issue->access.hash, sizeof(row.hash));
	memcpy(row.grant_id, grant->id, ID_SIZE);
	return access_insert(store, &row);
}
