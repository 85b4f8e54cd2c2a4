/* SPDX-License-Identifier: ISC */
/*
 * The key ring: legal orders of states, and what a key of each state signs, verifies and shows.
 */
#include "core/jose/jwt.h"

#include "tests/core/jose/support.h"

/* One row a state: what it may become, and what it does. */
static const struct {
	const char *name;
	const char *to; /* N A R X C, in the order of the enum */
	bool signs;
	bool published;
	bool verifies_tokens;
	bool verifies_hint;
} rows[KEY_STATE_COUNT] = {
	[KEY_NEXT] = {"next", "AR C", false, true, true, true},
	[KEY_ACTIVE] = {"active", "R C", true, true, true, true},
	[KEY_RETIRED] = {"retired", "X C", false, true, true, true},
	[KEY_ARCHIVED] = {"archived", "C", false, false, false, true},
	[KEY_COMPROMISED] = {"compromised", "", false, false, false, false},
};

static void
test_states(void **state)
{
	enum key_state found = KEY_ACTIVE;

	(void)state;
	for (int from = 0; from < KEY_STATE_COUNT; from++) {
		for (int to = 0; to < KEY_STATE_COUNT; to++)
			check(key_state_may((enum key_state)from, (enum key_state)to) ==
				      (strchr(rows[from].to, "NARXC"[to]) != NULL),
			      arena_printf(*state, "%s to %s", rows[from].name, rows[to].name));
		check_text(key_state_name((enum key_state)from), rows[from].name, "name");
		check(key_state_by_name(rows[from].name, &found) == 0 &&
			      found == (enum key_state)from,
		      rows[from].name);
	}
	check(key_state_by_name("Active", &found) != 0, "another case");
	check(key_state_by_name("", &found) != 0, "empty");
	check(key_state_by_name(NULL, &found) != 0, "NULL");
}

static void
test_what_states_do(void **state)
{
	struct arena *arena = *state;

	for (int i = 0; i < KEY_STATE_COUNT; i++) {
		struct keyring *ring = keyring_new(arena);
		struct jwk key = jwk_generate(arena, JWS_ES256, 0);
		const char *name = rows[i].name;
		const char *jwks;
		size_t count;
		uint8_t mac[KEYRING_MAC_SIZE] = {1};

		check(keyring_add(ring, &key, (enum key_state)i) == 0, name);
		check((keyring_signer(ring, JWS_ES256) != NULL) == rows[i].signs, name);
		check(jws_alg_set_has(keyring_algs(ring), JWS_ES256) == rows[i].signs, name);
		check((keyring_verifier(ring, key.kid, JWS_ES256, KEY_FOR_TOKENS) != NULL) ==
			      rows[i].verifies_tokens,
		      name);
		check((keyring_verifier(ring, key.kid, JWS_ES256, KEY_FOR_ID_TOKEN_HINT) != NULL) ==
			      rows[i].verifies_hint,
		      name);
		jwks = keyring_jwks(ring, arena, NULL);
		check((strstr(jwks, key.kid) != NULL) == rows[i].published, name);
		check((keyring_list(ring, &count)->signer != NULL) == rows[i].signs, name);
		check(count == 1, name);
		check(keyring_add_mac(ring, 7, (enum key_state)i, mac) == 0, name);
		check((keyring_mac_active(ring) != NULL) == rows[i].signs, name);
		check((keyring_mac_by_id(ring, 7) != NULL) == rows[i].verifies_tokens, name);
	}
}

static void
test_adding(void **state)
{
	struct arena *arena = *state;
	struct keyring *ring = keyring_new(arena);
	struct jwk key = jwk_generate(arena, JWS_ES256, 0);
	struct jwk bad = key;
	struct jwk mac = jwk_generate(arena, JWS_HS256, 0);
	struct jwk half = jwk_public_half(&key);
	uint8_t bytes[KEYRING_MAC_SIZE] = {1};

	bad.kid = NULL;
	check(keyring_add(ring, &bad, KEY_ACTIVE) != 0, "no kid");
	bad = key;
	bad.alg = JWS_NONE;
	check(keyring_add(ring, &bad, KEY_ACTIVE) != 0, "no algorithm");
	bad.alg = JWS_RS256;
	check(keyring_add(ring, &bad, KEY_RETIRED) != 0, "another algorithm");
	bad = key;
	bad.may_sign = false;
	check(keyring_add(ring, &bad, KEY_ACTIVE) != 0, "a key that may not sign");
	check(keyring_add(ring, &mac, KEY_ACTIVE) != 0, "a symmetric key");
	check(keyring_add(ring, &half, KEY_RETIRED) != 0, "a public key");
	check(keyring_add(ring, &key, KEY_ACTIVE) == 0, "good");
	check(keyring_add(ring, &key, KEY_RETIRED) != 0, "kid taken");
	for (int i = 1; i < KEYRING_KEYS_MAX; i++) {
		struct jwk other = key;

		other.kid = arena_printf(arena, "k%d", i);
		check(keyring_add(ring, &other, KEY_RETIRED) == 0, other.kid);
	}
	bad = key;
	bad.kid = "one more";
	check(keyring_add(ring, &bad, KEY_RETIRED) != 0, "too many");
	for (uint32_t i = 0; i < KEYRING_KEYS_MAX; i++)
		check(keyring_add_mac(ring, i, KEY_ACTIVE, bytes) == 0, "MAC key");
	check(keyring_add_mac(ring, 100, KEY_ACTIVE, bytes) != 0, "too many MAC keys");
	ring = keyring_new(arena);
	check(keyring_add_mac(ring, 1, KEY_ACTIVE, bytes) == 0, "MAC key");
	check(keyring_add_mac(ring, 1, KEY_RETIRED, bytes) != 0, "MAC id taken");
	check(keyring_mac_by_id(ring, 2) == NULL, "MAC id unknown");
}

static void
test_choice(void **state)
{
	struct arena *arena = *state;
	struct keyring *ring = keyring_new(arena);
	struct jwk first = jwk_generate(arena, JWS_ES256, 0);
	struct jwk second = jwk_generate(arena, JWS_ES256, 0);
	struct jwk retired = jwk_generate(arena, JWS_EDDSA, 0);
	uint8_t mac1[KEYRING_MAC_SIZE] = {1};
	uint8_t mac2[KEYRING_MAC_SIZE] = {2};
	const struct jws_signer *signer;
	const struct jwk *verifier;
	struct jws jws;
	char *text;

	check(keyring_signer(ring, JWS_ES256) == NULL, "empty ring");
	check(keyring_mac_active(ring) == NULL, "empty ring, MAC");
	check(keyring_add(ring, &first, KEY_ACTIVE) == 0, "first");
	check(keyring_add(ring, &second, KEY_ACTIVE) == 0, "second");
	check(keyring_add(ring, &retired, KEY_RETIRED) == 0, "retired");
	signer = keyring_signer(ring, JWS_ES256);
	check_text(jws_signer_kid(signer), second.kid, "the newest signs");
	check(keyring_signer(ring, JWS_EDDSA) == NULL, "retired does not sign");
	check(keyring_signer(ring, JWS_NONE) == NULL, "no algorithm");
	check(keyring_verifier(ring, NULL, JWS_ES256, KEY_FOR_TOKENS) == NULL, "no kid");
	check(keyring_verifier(ring, "x", JWS_ES256, KEY_FOR_TOKENS) == NULL, "unknown kid");
	check(keyring_verifier(ring, first.kid, JWS_EDDSA, KEY_FOR_TOKENS) == NULL,
	      "kid of another algorithm");
	verifier = keyring_verifier(ring, second.kid, JWS_ES256, KEY_FOR_TOKENS);
	check(verifier != NULL && !verifier->is_private, "public half");
	text = jws_sign(arena, signer, &(struct jws_header){0}, "x", 1);
	check(jws_verify(arena, text, strlen(text), verifier, JWS_ALG_SET_ONE(JWS_ES256), &jws) ==
		      JWS_OK,
	      "what the ring signs it verifies");
	check(keyring_add_mac(ring, 1, KEY_ACTIVE, mac1) == 0, "MAC");
	check(keyring_add_mac(ring, 2, KEY_NEXT, mac2) == 0, "MAC");
	check(keyring_mac_active(ring)->id == 1, "the active MAC key");
	check(keyring_mac_by_id(ring, 2)->key[0] == 2, "the MAC key of an id");
}

/* The published document is a set that parses as public, with kid, use and alg on each key. */
static void
test_document(void **state)
{
	static const char *const secret[] = {"\"d\"",  "\"p\"",  "\"q\"", "\"dp\"",
					     "\"dq\"", "\"qi\"", "\"k\""};
	struct arena *arena = *state;
	struct keyring *ring = keyring_new(arena);
	struct jwk keys[] = {jwk_generate(arena, JWS_RS256, 0), jwk_generate(arena, JWS_ES256, 0),
			     jwk_generate(arena, JWS_EDDSA, 0)};
	struct jwk_set set;
	size_t size;
	char *text = keyring_jwks(ring, arena, &size);

	check_text(text, "{\"keys\":[]}", "empty ring");
	for (size_t i = 0; i < COUNT(keys); i++) {
		keys[i].use = NULL;
		check(keyring_add(ring, &keys[i], KEY_ACTIVE) == 0, "add");
	}
	text = keyring_jwks(ring, arena, &size);
	check(size == strlen(text), "size");
	for (size_t i = 0; i < COUNT(secret); i++)
		check(strstr(text, secret[i]) == NULL, secret[i]);
	check(jwk_set_parse(arena, object_of(arena, text), JWK_ACCEPT_PUBLIC, &set) == JWK_OK,
	      "parses");
	check(set.count == COUNT(keys), "all there");
	for (size_t i = 0; i < COUNT(keys); i++) {
		check_text(set.key[i].kid, keys[i].kid, "kid");
		check_text(set.key[i].use, "sig", "use");
		check(set.key[i].alg == keys[i].alg, "alg");
	}
}

/* Our own messages: the key is found by kid, and what its state allows decides. */
static void
test_own_messages(void **state)
{
	struct arena *arena = *state;
	struct jwk key = jwk_generate(arena, JWS_ES256, 0);
	const struct jws_signer *named = jws_signer_new(arena, &key, JWS_ES256, key.kid);
	const struct jws_signer *nameless = jws_signer_new(arena, &key, JWS_ES256, NULL);
	const struct jws_header header = {.typ = "JWT"};
	const struct jwt_rules rules = {.now = 100, .algs = JWS_ALG_SET_ONE(JWS_ES256)};
	const struct jwt_rules rsa = {.now = 100, .algs = JWS_ALG_SET_ONE(JWS_RS256)};
	const struct jwt_rules late = {
		.now = 100, .algs = JWS_ALG_SET_ONE(JWS_ES256), .need = JWT_NEED_EXP};
	char *text = jws_sign(arena, named, &header, "{}", 2);
	struct jwt jwt;

	for (int i = 0; i < KEY_STATE_COUNT; i++) {
		struct keyring *ring = keyring_new(arena);

		check(keyring_add(ring, &key, (enum key_state)i) == 0, rows[i].name);
		check(jwt_verify_own(arena, text, ring, KEY_FOR_TOKENS, &rules, &jwt) ==
			      (rows[i].verifies_tokens ? JWT_OK : JWT_KEY_UNKNOWN),
		      rows[i].name);
		check(jwt_verify_own(arena, text, ring, KEY_FOR_ID_TOKEN_HINT, &rules, &jwt) ==
			      (rows[i].verifies_hint ? JWT_OK : JWT_KEY_UNKNOWN),
		      rows[i].name);
	}
	struct keyring *ring = keyring_new(arena);

	check(keyring_add(ring, &key, KEY_ACTIVE) == 0, "add");
	check(jwt_verify_own(arena, jws_sign(arena, nameless, &header, "{}", 2), ring,
			     KEY_FOR_TOKENS, &rules, &jwt) == JWT_KEY_UNKNOWN,
	      "no kid");
	check(jwt_verify_own(arena, "a.b", ring, KEY_FOR_TOKENS, &rules, &jwt) == JWT_MALFORMED,
	      "malformed");
	check(jwt_verify_own(arena, text, ring, KEY_FOR_TOKENS, &rsa, &jwt) == JWT_ALG_REFUSED,
	      "algorithm");
	check(jwt_verify_own(arena, text, ring, KEY_FOR_TOKENS, &late, &jwt) == JWT_CLAIM_MISSING,
	      "claims");
	text[strlen(text) - 5] = text[strlen(text) - 5] == 'A' ? 'B' : 'A';
	check(jwt_verify_own(arena, text, ring, KEY_FOR_TOKENS, &rules, &jwt) == JWT_BAD_SIGNATURE,
	      "signature");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_states),   arena_test(test_what_states_do),
		arena_test(test_adding),   arena_test(test_choice),
		arena_test(test_document), arena_test(test_own_messages),
	};

	return cmocka_run_group_tests_name("jose/keyring", tests, NULL, NULL);
}
