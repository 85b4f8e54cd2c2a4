/* SPDX-License-Identifier: ISC */
/*
 * JWTs. Input without a newline is a compact message. Otherwise the first line is a header and the
 * rest a payload, and both are put under a right HMAC, so that what lies behind the signature is
 * reached: nothing with crit or another algorithm is accepted, and accepted claims are in range.
 */
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/jose/jwt.h"

#define SECRET "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *audience[] = {"https://op.example"};
static const struct strlist audiences = {audience, 1};

static void
require(int condition)
{
	if (!condition)
		abort();
}

/* A message of header and payload under SECRET. */
static const char *
sign_lines(struct arena *arena, const uint8_t *data, size_t header_size, size_t size)
{
	uint8_t mac[SHA256_SIZE];
	const char *input =
		arena_printf(arena, "%s.%s", b64url_encode(arena, data, header_size),
			     b64url_encode(arena, data + header_size + 1, size - header_size - 1));

	hash_hmac_sha256((const uint8_t *)SECRET, sizeof(SECRET) - 1, input, strlen(input), mac);
	return arena_printf(arena, "%s.%s", input, b64url_encode(arena, mac, sizeof(mac)));
}

static void
check_accepted(const struct jwt *jwt)
{
	require(jwt->jws.alg == JWS_HS256);
	require(!json_object_object_get_ex(jwt->jws.header, "crit", NULL));
	require(!json_object_object_get_ex(jwt->jws.header, "b64", NULL));
	require(jwt->exp >= -1 && jwt->exp <= JWT_TIME_MAX);
	require(jwt->iat >= -1 && jwt->iat <= JWT_TIME_MAX);
	require(jwt->nbf >= -1 && jwt->nbf <= JWT_TIME_MAX);
	require(jwt->aud.count <= JWT_AUDIENCES_MAX);
	require(jwt->jws.kid == NULL || strlen(jwt->jws.kid) <= JWK_KID_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new((size_t)16 << 20);
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
	const char *text = newline != NULL ? sign_lines(arena, data, (size_t)(newline - data), size)
					   : arena_copy(arena, data, size);
	struct jwk key = jwk_from_bytes(arena, SECRET, sizeof(SECRET) - 1);
	struct jwk_set set = {.key = &key, .count = 1};
	struct jwt_rules strict = {.algs = {JWS_ALG_BIT(JWS_HS256)},
				   .now = 1700000000,
				   .leeway = 10,
				   .max_age = 600,
				   .max_life = 600,
				   .need = JWT_NEED_JTI,
				   .typ = "at+jwt",
				   .iss = "https://client.example",
				   .auds = &audiences};
	struct jwt_rules loose = {.algs = {UINT32_MAX}, .ignore_exp = true, .now = 1700000000};
	struct jwt jwt;
	struct jwt read;

	require(jwt_verdict_text(jwt_verify(arena, text, &key, &strict, &jwt)) != NULL);
	(void)!jwt_verify_set(arena, text, &set, &loose, &jwt);
	if (jwt_verify(arena, text, &key, &loose, &jwt) == JWT_OK) {
		require(jwt_read_unverified(arena, text, &read) == JWT_OK);
		require(json_object_equal(read.claims, jwt.claims));
		check_accepted(&jwt);
	}
	arena_free(arena);
	return 0;
}
