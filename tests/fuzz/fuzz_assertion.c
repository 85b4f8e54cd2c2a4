/* SPDX-License-Identifier: ISC */
/*
 * Client assertions, the whole path up to the database: header, claims, key set, signature.
 * Input without a newline is a message. Otherwise the first line is a header and the rest the
 * claims, put under a right HMAC of the client's secret. No client is ever found without store, so
 * it is handed to the methods by itself: nothing is accepted that has no right signature.
 */
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/model/profile.h"
#include "core/oauth/client_auth/presented.h"
#include "core/port/key_sets.h"
#include "core/port/secrets.h"
#include "core/seal/seal.h"

#define SECRET "ost_cs_0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
#define JWKS                                                                                       \
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"1\","                              \
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                   \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
now_ms(void *context)
{
	(void)context;
	return INT64_C(1800000000000);
}

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

/* Both methods with what was presented. The replay note is not reached: a good one would need the
 * database, and its failure is told from a refusal. */
static void
try_both(struct tx *tx, struct client *client, const char *text)
{
	const struct form empty = {0};
	const struct client_credentials credentials = {.form = &empty, .endpoint = "/token"};
	struct presented presented = {
		.kind = PRESENTED_ASSERTION, .assertion = text, .credentials = &credentials};

	if (jwt_read_unverified(tx->arena, text, &presented.unverified) != JWT_OK)
		return;
	presented.algs.bits = JWS_ALGS_ASYMMETRIC;
	if (verify_private_key_jwt(tx, client, &presented) == 0 ||
	    tx->failure.error != OAUTH_INVALID_CLIENT)
		abort(); /* nobody has the private key */
	if (presented.unverified.jti)
		return; /* a good one would ask the database */
	presented.algs.bits = JWS_ALGS_MAC;
	if (verify_secret_jwt(tx, client, &presented) == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t master[SEAL_KEY_SIZE] = {7};
	const struct clock clock = {.now_ms = now_ms};
	struct arena *arena = arena_new((size_t)16 << 20);
	const uint8_t *newline = size > 0 ? memchr(data, '\n', size) : NULL;
	struct provider provider = {.clock = &clock,
				    .random = &rand_system,
				    .master = seal_master_new(arena, master),
				    .key_sets = key_sets_new()};
	struct realm realm = {.id = 1, .name = "main", .issuer = "https://id.example"};
	struct client_secret secret = {.created_at = 1};
	struct client client = {
		.client_id = "c", .jwks = JWKS, .secrets = &secret, .secrets_count = 1};
	struct tx tx;

	tx_begin(&tx, &provider, arena);
	settings_default(&realm.settings);
	tx.realm = &realm;
	client_secret_seal(&tx, &secret, SECRET);
	try_both(&tx, &client,
		 newline ? sign_lines(arena, data, (size_t)(newline - data), size)
			 : arena_copy(arena, data, size));
	key_sets_free(provider.key_sets);
	arena_free(arena);
	return 0;
}
