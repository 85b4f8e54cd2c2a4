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
#include "core/oauth/token/refresh.h"

#define SCOPES_MAX_IN_TOKEN 200

/* Fills what the grant decides. */
static void
judge(struct tx *tx, struct inspected *inspected)
{
	enum grant_verdict verdict = grant_check(&inspected->state, tx->realm->epoch,
						 tx->realm->settings.session_idle, tx->now);

	inspected->found = true;
	inspected->client_id = inspected->state.grant.client_id;
	inspected->live = verdict == GRANT_LIVE;
	inspected->why_not = grant_verdict_text(verdict);
	if (inspected->live && inspected->expires_at <= tx->now) {
		inspected->live = false;
		inspected->why_not = "the token has expired";
	}
	if (inspected->live && inspected->state.jti_revoked) {
		inspected->live = false;
		inspected->why_not = "the token was revoked";
	}
	if (strlist_split(tx->arena, inspected->scope, ' ', SCOPES_MAX_IN_TOKEN,
			  &inspected->scopes) != 0)
		inspected->live = false;
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
	return 0;
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
	if (verdict == STORE_OK) {
		memcpy(inspected->row_id, row.id, ID_SIZE);
		inspected->scope = row.scope;
		inspected->issued_at = row.issued_at;
		/* a revoked one has no time left, whatever this host's clock says */
		inspected->expires_at = row.revoked_at ? 0 : row.expires_at;
	}
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
	return verdict_of_read(
		tx, grant_find(tx->store, tx->arena, tx->realm->id, jti, jti, &inspected->state),
		inspected);
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
