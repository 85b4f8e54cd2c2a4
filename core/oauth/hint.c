/* SPDX-License-Identifier: ISC */
/*
 * Verifying id_token_hint.
 */
#include "core/oauth/hint.h"

#include "core/base/json.h"
#include "core/jose/jwt.h"

int
id_token_hint_read(struct tx *tx, const char *token, struct id_token_hint *hint)
{
	const struct jwt_rules rules = {
		.algs = tx->live->token_algs,
		.now = tx->now,
		.leeway = 60,
		.need = JWT_NEED_SUB | JWT_NEED_AUD | JWT_NEED_EXP,
		.ignore_exp = true,
		.typ = "JWT",
		.typ_optional = true,
		.iss = tx->realm->issuer,
	};
	struct jwt jwt;

	if (jwt_verify_own(tx->arena, token, tx->live->ring, KEY_FOR_ID_TOKEN_HINT, &rules, &jwt) !=
	    JWT_OK)
		return -1;
	*hint = (struct id_token_hint){
		.sub = jwt.sub,
		.sid = json_text_or_null(jwt.claims, "sid"),
		.client_id = jwt.aud.item[0],
	};
	return 0;
}
