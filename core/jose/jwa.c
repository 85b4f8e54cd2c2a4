/* SPDX-License-Identifier: ISC */
/*
 * The table of signature algorithms and what is read from it: lookup, sets, and the half hashes of
 * OpenID Connect. RFC 7518 3.1 to 3.5, RFC 8037 3.1.
 */
#include "core/jose/jwa.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/bug.h"

static const struct jwa rows[JWS_ALG_COUNT] = {
	/* clang-format off */
	[JWS_RS256] = {"RS256", JWK_RSA, NULL,      "SHA256", "SHA256", 0,   2048, false},
	[JWS_RS384] = {"RS384", JWK_RSA, NULL,      "SHA384", "SHA384", 0,   2048, false},
	[JWS_RS512] = {"RS512", JWK_RSA, NULL,      "SHA512", "SHA512", 0,   2048, false},
	[JWS_PS256] = {"PS256", JWK_RSA, NULL,      "SHA256", "SHA256", 0,   2048, true},
	[JWS_PS384] = {"PS384", JWK_RSA, NULL,      "SHA384", "SHA384", 0,   2048, true},
	[JWS_PS512] = {"PS512", JWK_RSA, NULL,      "SHA512", "SHA512", 0,   2048, true},
	[JWS_ES256] = {"ES256", JWK_EC,  "P-256",   "SHA256", "SHA256", 64,  0,    false},
	[JWS_ES384] = {"ES384", JWK_EC,  "P-384",   "SHA384", "SHA384", 96,  0,    false},
	[JWS_ES512] = {"ES512", JWK_EC,  "P-521",   "SHA512", "SHA512", 132, 0,    false},
	[JWS_EDDSA] = {"EdDSA", JWK_OKP, "Ed25519", NULL,     "SHA512", 64,  0,    false},
	[JWS_HS256] = {"HS256", JWK_OCT, NULL,      "SHA256", "SHA256", 32,  256,  false},
	[JWS_HS384] = {"HS384", JWK_OCT, NULL,      "SHA384", "SHA384", 48,  384,  false},
	[JWS_HS512] = {"HS512", JWK_OCT, NULL,      "SHA512", "SHA512", 64,  512,  false},
	/* clang-format on */
};

const struct jwa *
jwa_row(enum jws_alg alg)
{
	return alg > JWS_NONE && alg < JWS_ALG_COUNT ? &rows[alg] : NULL;
}

enum jws_alg
jws_alg_by_name(const char *name)
{
	if (name == NULL)
		return JWS_NONE;
	for (int alg = JWS_NONE + 1; alg < JWS_ALG_COUNT; alg++) {
		if (strcmp(rows[alg].name, name) == 0)
			return (enum jws_alg)alg;
	}
	return JWS_NONE;
}

const char *
jws_alg_name(enum jws_alg alg)
{
	const struct jwa *row = jwa_row(alg);

	return row != NULL ? row->name : NULL;
}

bool
jws_alg_set_has(struct jws_alg_set set, enum jws_alg alg)
{
	return jwa_row(alg) != NULL && (set.bits & JWS_ALG_BIT(alg)) != 0;
}

void
jws_alg_set_add(struct jws_alg_set *set, enum jws_alg alg)
{
	if (jwa_row(alg) != NULL)
		set->bits |= JWS_ALG_BIT(alg);
}

int
jws_alg_set_from_names(const struct strlist *names, struct jws_alg_set *set)
{
	struct jws_alg_set result = {0};

	for (size_t i = 0; i < names->count; i++) {
		enum jws_alg alg = jws_alg_by_name(names->item[i]);

		if (alg == JWS_NONE)
			return -1;
		jws_alg_set_add(&result, alg);
	}
	*set = result;
	return 0;
}

struct strlist
jws_alg_set_names(struct arena *arena, struct jws_alg_set set)
{
	struct strlist names = {.item = arena_array(arena, JWS_ALG_COUNT, sizeof(char *))};

	for (int alg = JWS_NONE + 1; alg < JWS_ALG_COUNT; alg++) {
		if (jws_alg_set_has(set, (enum jws_alg)alg))
			names.item[names.count++] = rows[alg].name;
	}
	return names;
}

char *
jwa_half_hash(struct arena *arena, enum jws_alg alg, const char *text)
{
	const struct jwa *row = jwa_row(alg);
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t size = 0;

	if (row == NULL)
		bug("a half hash needs an algorithm");
	if (EVP_Q_digest(NULL, row->half_digest, NULL, text, strlen(text), digest, &size) != 1)
		bug("digest failed");
	return b64url_encode(arena, digest, size / 2);
}
