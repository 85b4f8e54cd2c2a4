/* SPDX-License-Identifier: ISC */
/*
 * Keys and key sets: a key that is accepted as public has no private half, and what is exported of
 * any key parses again as the same key; whatever was accepted can be used without a crash.
 */
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/json.h"
#include "core/jose/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
	if (!condition)
		abort();
}

/* A signature of zeros as long as it should be is refused by every key. */
static void
check_use(const struct jwk *key)
{
	static const uint8_t zeros[JWK_RSA_BITS_MAX / 8];

	for (int alg = 1; alg < JWS_ALG_COUNT; alg++) {
		const struct jwa *row = jwa_row((enum jws_alg)alg);
		struct jws jws = {.alg = (enum jws_alg)alg,
				  .input = "a.b",
				  .input_size = 3,
				  .signature = zeros,
				  .signature_size = row->signature_size != 0 ? row->signature_size
									     : key->size};

		if (!jwk_fits(key, (enum jws_alg)alg))
			continue;
		/* a point of small order as Ed25519 key accepts it; such a key harms its owner */
		if (key->kty != JWK_OKP)
			require(jws_check(&jws, key, (struct jws_alg_set){UINT32_MAX}) != JWS_OK);
	}
}

static void
check_export(struct arena *arena, const struct jwk *key)
{
	struct jwk again;

	if (key->kty == JWK_OCT)
		return;
	require(jwk_parse(arena, jwk_export_public(arena, key), JWK_ACCEPT_PUBLIC, &again) ==
		JWK_OK);
	require(!again.is_private && !again.may_sign);
	require(strcmp(jwk_thumbprint(arena, &again), jwk_thumbprint(arena, key)) == 0);
	require(again.alg == key->alg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)32 << 20);
	struct json_object *object = json_parse_object(arena, (const char *)data, size, NULL);
	struct jwk key;
	struct jwk_set set;

	if (object == NULL) {
		arena_free(arena);
		return 0;
	}
	if (jwk_parse(arena, object, JWK_ACCEPT_PUBLIC, &key) == JWK_OK)
		require(!key.is_private && !key.may_sign && key.kty != JWK_OCT);
	if (jwk_parse(arena, object, JWK_ACCEPT_ANY, &key) == JWK_OK) {
		check_export(arena, &key);
		check_use(&key);
	}
	if (jwk_set_parse(arena, object, JWK_ACCEPT_PUBLIC, &set) == JWK_OK) {
		require(set.count + set.skipped <= JWK_SET_MAX);
		for (size_t i = 0; i < set.count; i++)
			require(!set.key[i].is_private);
	}
	arena_free(arena);
	return 0;
}
