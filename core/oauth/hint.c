/* SPDX-License-Identifier: ISC */
/*
 * Verifying id_token_hint.
 */
#include "core/oauth/hint.h"

#include <string.h>

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
	const struct jwk *key;
	struct jws jws;
	struct jwt jwt;

	if (jws_read_unverified(tx->arena, token, strlen(token), &jws) != JWS_OK || !jws.kid)
		return -1;
	key = keyring_verifier(tx->live->ring, jws.kid, jws.alg, KEY_FOR_ID_TOKEN_HINT);
	if (!key || jwt_verify(tx->arena, token, key, &rules, &jwt) != JWT_OK || jwt.aud.count < 1)
		return -1;
	*hint = (struct id_token_hint){
		.sub = jwt.sub,
		.sid = json_text_or_null(jwt.claims, "sid"),
		.client_id = jwt.aud.item[0],
	};
	return 0;
}
