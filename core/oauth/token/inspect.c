/* SPDX-License-Identifier: ISC */
/*
 * Looking at tokens and ending them.
 */
#include "core/oauth/token/inspect.h"

#include <string.h>

#include "core/base/b64.h"
#include "core/base/json.h"
#include "core/jose/jwt.h"
#include "core/model/handle.h"
#include "core/oauth/token/plan.h"
#include "core/oauth/token/refresh.h"

static void
kill(struct inspected *inspected, const char *why)
{
	inspected->live = false;
	inspected->why_not = why;
}

/* Fills what the grant decides. */
static void
judge(struct tx *tx, struct inspected *inspected)
{
	enum grant_verdict verdict = grant_check(&inspected->state, tx->realm->epoch,
						 tx->realm->settings.session_idle, tx->now);

	inspected->found = true;
	if (!inspected->client_id)
		inspected->client_id = inspected->state.grant.client_id;
	inspected->live = verdict == GRANT_LIVE;
	inspected->why_not = grant_verdict_text(verdict);
	if (inspected->live && inspected->expires_at <= tx->now)
		kill(inspected, "the token has expired");
	if (inspected->live && inspected->state.jti_revoked)
		kill(inspected, "the token was revoked");
	if (strlist_split(tx->arena, inspected->scope, ' ', SCOPES_MAX, &inspected->scopes) != 0)
		kill(inspected, "its scope cannot be read");
}

/* A token that was exchanged for another client's ends also with its own client. */
static int
judge_own_client(struct tx *tx, struct inspected *inspected)
{
	const struct client *client;
	enum store_verdict verdict;

	if (!inspected->live || strcmp(inspected->client_id, inspected->state.grant.client_id) == 0)
		return 0;
	verdict =
		client_find(tx->store, tx->arena, tx->realm->id, &tx->realm->settings,
			    inspected->client_id, realms_generation(tx->provider->realms), &client);
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK || !client->enabled)
		kill(inspected, "the client that it was exchanged for is disabled or was removed");
	return 0;
}

static int
unknown(struct inspected *inspected, const char *why)
{
	inspected->found = false;
	inspected->live = false;
	inspected->why_not = why;
	return 0;
}

static int
verdict_of_read(struct tx *tx, enum store_verdict verdict, struct inspected *inspected)
{
	if (verdict == STORE_DOWN)
		return fail_down(tx);
	if (verdict != STORE_OK)
		return unknown(inspected, "no such token or grant");
	judge(tx, inspected);
	return judge_own_client(tx, inspected);
}

static int
read_audience(struct tx *tx, const char *text, struct inspected *inspected)
{
	if (text)
		return strlist_split(tx->arena, text, ' ', RESOURCES_MAX, &inspected->audience);
	inspected->audience = strlist_with(tx->arena, &inspected->audience, tx->realm->issuer);
	return 0;
}

/* Few accounts have it: the search costs less than parsing all claims. */
struct json_object *
may_act_of_account(struct arena *arena, const struct grant_state *state)
{
	struct json_object *claims, *may_act;

	if (!state->account_claims || !strstr(state->account_claims, "\"may_act\""))
		return NULL;
	claims = json_parse_object(arena, state->account_claims, strlen(state->account_claims),
				   NULL);
	if (!claims || json_get_object(claims, "may_act", &may_act) != JSON_FOUND)
		return NULL;
	return may_act;
}

/* Claims beside the usual ones, of a JWT's or of an opaque token's row. */
static void
read_actors(const struct json_object *claims, struct inspected *inspected)
{
	if (json_get_object(claims, "act", &inspected->act) != JSON_FOUND)
		inspected->act = NULL;
	if (json_get_object(claims, "may_act", &inspected->may_act) != JSON_FOUND)
		inspected->may_act = NULL;
}

static int
read_row(struct tx *tx, const struct access_row *row, struct inspected *inspected)
{
	struct json_object *extra = NULL;

	memcpy(inspected->row_id, row->id, ID_SIZE);
	inspected->client_id = row->client_id;
	inspected->scope = row->scope;
	inspected->issued_at = row->issued_at;
	/* a revoked one has no time left, whatever this host's clock says */
	inspected->expires_at = row->revoked_at ? 0 : row->expires_at;
	if (row->extra)
		extra = json_parse_object(tx->arena, row->extra, strlen(row->extra), NULL);
	if (extra)
		read_actors(extra, inspected);
	/* who acts must not get lost: a row that cannot be read is no token */
	return row->extra && !extra ? -1 : read_audience(tx, row->audience, inspected);
}

static int
inspect_opaque(struct tx *tx, const char *token, struct inspected *inspected)
{
	struct handle handle;
	struct access_row row;
	enum store_verdict verdict;

	inspected->kind = TOKEN_KIND_OPAQUE;
	if (handle_parse(HANDLE_ACCESS, token, &handle) != 0)
		return unknown(inspected, "malformed");
	verdict = access_find(tx->store, tx->arena, tx->realm->id, handle.id, handle.hash, &row,
			      &inspected->state);
	if (verdict == STORE_OK && read_row(tx, &row, inspected) != 0)
		return unknown(inspected, "its row cannot be read");
	return verdict_of_read(tx, verdict, inspected);
}

static int
inspect_refresh(struct tx *tx, const char *token, struct inspected *inspected)
{
	struct refresh_token refresh;
	enum store_verdict verdict;
	const struct grant *grant = &inspected->state.grant;

	inspected->kind = TOKEN_KIND_REFRESH;
	if (refresh_read(tx, token, &refresh) != 0)
		return unknown(inspected, "not a refresh token of this realm");
	verdict = grant_find(tx->store, tx->arena, tx->realm->id, refresh.grant_id, NULL,
			     &inspected->state);
	inspected->generation = refresh.generation;
	if (verdict == STORE_OK) {
		inspected->scope = grant->scope;
		inspected->issued_at = grant->refresh_rotated_at;
		inspected->expires_at = grant->expires_at;
	}
	if (verdict_of_read(tx, verdict, inspected) != 0)
		return -1;
	if (inspected->live && refresh.generation != grant->refresh_generation) {
		inspected->live = false;
		inspected->why_not = "a newer refresh token has replaced it";
	}
	return 0;
}

/* A JWT that a client got for itself: nothing of it is stored. */
static enum store_verdict
find_client_state(struct tx *tx, const struct jwt *jwt, const uint8_t jti[JTI_SIZE],
		  struct inspected *inspected)
{
	struct grant_state *state = &inspected->state;

	if (!inspected->client_id || strcmp(inspected->client_id, jwt->sub) != 0)
		return STORE_NONE;
	client_grant_state(tx, inspected->client_id, state);
	state->grant.created_at = jwt->iat;
	state->grant.auth_time = jwt->iat;
	state->grant.expires_at = jwt->exp;
	return access_client_find(tx->store, tx->arena, tx->realm->id, inspected->client_id, jti,
				  state);
}

static enum store_verdict
find_state(struct tx *tx, const struct jwt *jwt, const uint8_t jti[JTI_SIZE],
	   struct inspected *inspected)
{
	static const uint8_t none[ID_SIZE];

	if (memcmp(jti, none, ID_SIZE) == 0)
		return find_client_state(tx, jwt, jti, inspected);
	return grant_find(tx->store, tx->arena, tx->realm->id, jti, jti, &inspected->state);
}

static int
inspect_jwt(struct tx *tx, const char *token, struct inspected *inspected)
{
	const struct jwt_rules rules = {
		.algs = tx->live->token_algs,
		.now = tx->now,
		.need = JWT_NEED_SUB | JWT_NEED_AUD | JWT_NEED_EXP | JWT_NEED_JTI,
		.typ = "at+jwt",
		.iss = tx->realm->issuer,
		.leeway = 1, /* hosts of a pool may differ a little */
	};
	enum jwt_verdict verdict;
	struct jwt jwt;
	uint8_t jti[JTI_SIZE];

	inspected->kind = TOKEN_KIND_JWT;
	verdict = jwt_verify_own(tx->arena, token, tx->live->ring, KEY_FOR_TOKENS, &rules, &jwt);
	if (verdict == JWT_EXPIRED)
		inspected->client_id = json_text_or_null(jwt.claims, "client_id");
	if (verdict != JWT_OK)
		return unknown(inspected, jwt_verdict_text(verdict));
	if (b64url_decode_exact(jwt.jti, strlen(jwt.jti), jti, sizeof(jti)) != 0)
		return unknown(inspected, "its jti is not one of ours");
	inspected->jti = jwt.jti;
	inspected->scope = json_text_or_null(jwt.claims, "scope");
	inspected->issued_at = jwt.iat;
	inspected->expires_at = jwt.exp;
	inspected->client_id = json_text_or_null(jwt.claims, "client_id");
	inspected->audience = jwt.aud;
	read_actors(jwt.claims, inspected);
	return verdict_of_read(tx, find_state(tx, &jwt, jti, inspected), inspected);
}

static const struct {
	const char *prefix;
	int (*inspect)(struct tx *tx, const char *token, struct inspected *inspected);
} kinds[] = {
	{HANDLE_ACCESS, inspect_opaque},
	{REFRESH_PREFIX, inspect_refresh},
	{"", inspect_jwt},
};

int
token_inspect(struct tx *tx, const char *token, struct inspected *inspected)
{
	*inspected = (struct inspected){0};
	if (strlen(token) > TOKEN_TEXT_MAX)
		return unknown(inspected, "too long");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(token, kinds[i].prefix))
			return kinds[i].inspect(tx, token, inspected);
	return unknown(inspected, "malformed");
}

static enum store_verdict
end_jwt(struct tx *tx, const struct inspected *inspected)
{
	uint8_t jti[JTI_SIZE];

	if (b64url_decode_exact(inspected->jti, strlen(inspected->jti), jti, sizeof(jti)) != 0)
		return STORE_NONE;
	return jti_revoke(tx->store, jti, inspected->expires_at);
}

static enum store_verdict
end_grant(struct tx *tx, const struct inspected *inspected)
{
	const struct grant *grant = &inspected->state.grant;
	const struct audit_about about = {
		.account_id = grant->account_id,
		.client_id = grant->client_id,
		.detail = "by the client",
	};
	enum store_verdict verdict = grant_revoke(tx->store, grant->id, "revoked", tx->now);

	return verdict == STORE_OK ? tx_audit(tx, "grant_revoked", &about) : verdict;
}

int
token_end(struct tx *tx, const struct inspected *inspected)
{
	enum store_verdict verdict = STORE_NONE;

	switch (inspected->kind) {
	case TOKEN_KIND_JWT:
		verdict = end_jwt(tx, inspected);
		break;
	case TOKEN_KIND_OPAQUE:
		verdict = access_revoke(tx->store, inspected->row_id, tx->now);
		break;
	case TOKEN_KIND_REFRESH:
		verdict = end_grant(tx, inspected);
		break;
	}
	return verdict == STORE_DOWN ? fail_down(tx) : 0;
}
