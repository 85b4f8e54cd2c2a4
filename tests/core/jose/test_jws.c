/* SPDX-License-Identifier: ISC */
/*
 * Signed messages: every algorithm comes back, every part that is changed is refused, and neither
 * header nor key can choose what the caller did not allow.
 */
#include "core/jose/jws.h"

#include "core/base/b64.h"
#include "core/base/hash.h"
#include "core/base/str.h"
#include "tests/core/jose/support.h"

#define ALL                                                                                        \
	(struct jws_alg_set)                                                                       \
	{                                                                                          \
		.bits = UINT32_MAX                                                                 \
	}

static const char *
b64(struct arena *arena, const char *text)
{
	return b64url_encode(arena, text, strlen(text));
}

/* A message with this header text and payload, signed by the HMAC key that verify_mac() takes. */
static char *
mac_message(struct arena *arena, const char *header, const char *payload)
{
	struct jwk key = key_of(arena, OCT_KEY(OCT_64));
	struct jws_signer *signer = jws_signer_new(arena, &key, JWS_HS256, NULL);
	uint8_t mac[SHA256_SIZE];
	uint8_t raw[64];
	char *input = arena_printf(arena, "%s.%s", b64(arena, header), b64(arena, payload));

	check(signer != NULL, "signer");
	check(b64url_decode_exact(OCT_64, strlen(OCT_64), raw, sizeof(raw)) == 0, "key");
	hash_hmac_sha256(raw, sizeof(raw), input, strlen(input), mac);
	return arena_printf(arena, "%s.%s", input, b64url_encode(arena, mac, sizeof(mac)));
}

static enum jws_verdict
verify_mac(struct arena *arena, const char *text, struct jws *jws)
{
	struct jwk key = key_of(arena, OCT_KEY(OCT_64));

	return jws_verify(arena, text, strlen(text), &key, ALL, jws);
}

/* Headers under a right MAC: only the header can be at fault. */
static const struct {
	const char *name;
	const char *header;
	enum jws_verdict verdict;
} header_cases[] = {
	{"not JSON", "alg", JWS_MALFORMED},
	{"empty", "", JWS_MALFORMED},
	{"array", "[]", JWS_MALFORMED},
	{"no alg", "{}", JWS_MALFORMED},
	{"alg number", "{\"alg\":1}", JWS_MALFORMED},
	{"alg twice", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", JWS_MALFORMED},
	{"bytes behind", "{\"alg\":\"HS256\"} x", JWS_MALFORMED},
	{"alg none", "{\"alg\":\"none\"}", JWS_ALG_REFUSED},
	{"alg None", "{\"alg\":\"None\"}", JWS_ALG_REFUSED},
	{"alg unknown", "{\"alg\":\"ES256K\"}", JWS_ALG_REFUSED},
	{"alg in another case", "{\"alg\":\"hs256\"}", JWS_ALG_REFUSED},
	{"crit", "{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", JWS_CRIT},
	{"crit empty", "{\"alg\":\"HS256\",\"crit\":[]}", JWS_CRIT},
	{"crit null", "{\"alg\":\"HS256\",\"crit\":null}", JWS_CRIT},
	{"b64 false", "{\"alg\":\"HS256\",\"b64\":false}", JWS_CRIT},
	{"b64 true", "{\"alg\":\"HS256\",\"b64\":true}", JWS_CRIT},
	{"kid number", "{\"alg\":\"HS256\",\"kid\":1}", JWS_MALFORMED},
	{"typ number", "{\"alg\":\"HS256\",\"typ\":1}", JWS_MALFORMED},
	{"jwk text", "{\"alg\":\"HS256\",\"jwk\":\"\"}", JWS_MALFORMED},
	{"key of another type", "{\"alg\":\"RS256\"}", JWS_KEY_UNFIT},
	{"another digest", "{\"alg\":\"HS512\"}", JWS_BAD_SIGNATURE},
	{"good", "{\"alg\":\"HS256\"}", JWS_OK},
	{"good with unknown members", "{\"alg\":\"HS256\",\"x\":1,\"jku\":\"https://a\"}", JWS_OK},
	{"good with blanks", " { \"alg\" : \"HS256\" } ", JWS_OK},
};

static void
test_headers(void **state)
{
	for (size_t i = 0; i < COUNT(header_cases); i++) {
		struct jws jws = {.kid = "untouched"};
		const char *text = mac_message(*state, header_cases[i].header, "x");
		enum jws_verdict verdict = verify_mac(*state, text, &jws);

		if (verdict != header_cases[i].verdict)
			fail_msg("case \"%s\": %s", header_cases[i].name,
				 jws_verdict_text(verdict));
		check_text(jws.kid, verdict == JWS_OK ? NULL : "untouched", header_cases[i].name);
	}
}

/* H stands for a good header, P for a payload, S for its signature. */
static const struct {
	const char *name;
	const char *shape;
	enum jws_verdict verdict;
} shape_cases[] = {
	{"nothing", "", JWS_MALFORMED},
	{"a dot", ".", JWS_MALFORMED},
	{"two dots", "..", JWS_MALFORMED},
	{"one part", "H", JWS_MALFORMED},
	{"two parts", "H.P", JWS_MALFORMED},
	{"no signature", "H.P.", JWS_MALFORMED},
	{"no header", ".P.S", JWS_MALFORMED},
	{"a dot behind", "H.P.S.", JWS_MALFORMED},
	{"four parts", "H.P.S.S", JWS_MALFORMED},
	{"five parts", "H.P.S.P.S", JWS_MALFORMED},
	{"blank in front", " H.P.S", JWS_MALFORMED},
	{"newline behind", "H.P.S\n", JWS_MALFORMED},
	{"padding in the header", "H=.P.S", JWS_MALFORMED},
	{"padding in the payload", "H.P=.S", JWS_MALFORMED},
	{"padding behind", "H.P.S=", JWS_MALFORMED},
	{"no payload", "H..S", JWS_BAD_SIGNATURE},
	{"payload twice", "H.PP.S", JWS_BAD_SIGNATURE},
	{"good", "H.P.S", JWS_OK},
};

static void
test_shapes(void **state)
{
	struct arena *arena = *state;
	const char *good = mac_message(arena, "{\"alg\":\"HS256\"}", "foo");
	struct strlist parts;

	check(strlist_split(arena, good, '.', 3, &parts) == 0, "parts");
	for (size_t i = 0; i < COUNT(shape_cases); i++) {
		char *text = arena_strdup(arena, "");
		struct jws jws;
		enum jws_verdict verdict;

		for (const char *c = shape_cases[i].shape; *c != '\0'; c++) {
			char other[2] = {*c, '\0'};
			const char *part = *c == 'H'   ? parts.item[0]
					   : *c == 'P' ? parts.item[1]
					   : *c == 'S' ? parts.item[2]
						       : other;

			text = arena_printf(arena, "%s%s", text, part);
		}
		verdict = verify_mac(arena, text, &jws);
		if (verdict != shape_cases[i].verdict)
			fail_msg("case \"%s\": %s", shape_cases[i].name, jws_verdict_text(verdict));
	}
}

static void
test_sizes(void **state)
{
	struct arena *arena = *state;
	char *blanks = arena_alloc(arena, JWS_TEXT_MAX + 1);
	struct jws jws;
	char *text;

	memset(blanks, ' ', JWS_TEXT_MAX);
	text = mac_message(
		arena, arena_printf(arena, "{\"alg\":\"HS256\"%.*s}", JWS_HEADER_MAX - 15, blanks),
		"x");
	check(verify_mac(arena, text, &jws) == JWS_OK, "the largest header");
	text = mac_message(
		arena, arena_printf(arena, "{\"alg\":\"HS256\"%.*s}", JWS_HEADER_MAX - 14, blanks),
		"x");
	check(verify_mac(arena, text, &jws) == JWS_TOO_LARGE, "a header one larger");
	text = mac_message(arena, "{\"alg\":\"HS256\"}", blanks);
	check(verify_mac(arena, text, &jws) == JWS_TOO_LARGE, "too large a message");
	text[JWS_TEXT_MAX] = '\0';
	check(verify_mac(arena, text, &jws) == JWS_MALFORMED, "the largest message, cut");
	text = mac_message(
		arena,
		arena_printf(arena, "{\"alg\":\"HS256\",\"kid\":\"%.*sx\"}", JWK_KID_MAX, blanks),
		"x");
	check(verify_mac(arena, text, &jws) == JWS_MALFORMED, "a kid one over its maximum");
}

/* Each algorithm signs what it verifies; every changed byte of the signature is noticed. */
static void
test_round_trip(void **state)
{
	struct arena *arena = *state;

	for (int alg = 1; alg < JWS_ALG_COUNT; alg++) {
		const char *name = jws_alg_name((enum jws_alg)alg);
		struct jwk key = jwk_generate(arena, (enum jws_alg)alg, 0);
		struct jws_signer *signer = jws_signer_new(arena, &key, (enum jws_alg)alg, "k");
		struct jws_alg_set allowed = JWS_ALG_SET_ONE(alg);
		struct jws_alg_set others = {.bits = ~allowed.bits};

		check(signer != NULL, name);
		check(jws_signer_alg(signer) == (enum jws_alg)alg, name);
		/* a context that is used again must not remember */
		for (int round = 0; round < 3; round++) {
			struct jws jws;
			char *text = jws_sign(arena, signer, &(struct jws_header){.typ = "t"},
					      "payload", 7);
			size_t size = strlen(text);

			check(jws_verify(arena, text, size, &key, allowed, &jws) == JWS_OK, name);
			check_text((const char *)jws.payload, "payload", name);
			check_text(jws.kid, "k", name);
			check_text(jws.typ, "t", name);
			check(jws.alg == (enum jws_alg)alg, name);
			check(jws_verify(arena, text, size, &key, others, &jws) == JWS_ALG_REFUSED,
			      name);
			check(jws_verify(arena, text, size, &key, (struct jws_alg_set){0}, &jws) ==
				      JWS_ALG_REFUSED,
			      name);
			text[size - 5] = text[size - 5] == 'A' ? 'B' : 'A';
			check(jws_verify(arena, text, size, &key, allowed, &jws) ==
				      JWS_BAD_SIGNATURE,
			      name);
		}
	}
}

/* A message signed right, under a key that is not meant for it. */
static void
test_keys(void **state)
{
	struct arena *arena = *state;
	struct jwk rsa = key_of(arena, RSA_PRIVATE);
	struct jwk ec = key_of(arena, EC256_PRIVATE);
	struct jwk other = jwk_generate(arena, JWS_ES256, 0);
	struct jwk bound = rsa;
	struct jwk mute = ec;
	struct jws jws;
	char *text = jws_sign(arena, jws_signer_new(arena, &rsa, JWS_PS256, NULL),
			      &(struct jws_header){0}, "x", 1);

	bound.alg = JWS_RS256;
	check(jws_verify(arena, text, strlen(text), &bound, ALL, &jws) == JWS_KEY_UNFIT,
	      "a key bound to another algorithm");
	check(jws_verify(arena, text, strlen(text), &ec, ALL, &jws) == JWS_KEY_UNFIT,
	      "a key of another type");
	check(jws_signer_new(arena, &bound, JWS_PS256, NULL) == NULL, "signing as another");
	text = jws_sign(arena, jws_signer_new(arena, &ec, JWS_ES256, NULL), &(struct jws_header){0},
			"x", 1);
	check(jws_verify(arena, text, strlen(text), &other, ALL, &jws) == JWS_BAD_SIGNATURE,
	      "another key of the type");
	mute.may_verify = false;
	check(jws_verify(arena, text, strlen(text), &mute, ALL, &jws) == JWS_KEY_UNFIT,
	      "a key that may not verify");
	mute = jwk_public_half(&ec);
	check(jws_signer_new(arena, &mute, JWS_ES256, NULL) == NULL, "signing with a public key");
	check(jws_verify(arena, text, strlen(text), &mute, ALL, &jws) == JWS_OK, "public half");
}

/* The public key's text as an HMAC secret (RFC 8725 2.1). */
static void
test_confusion(void **state)
{
	struct arena *arena = *state;
	struct jwk ec = key_of(arena, EC256_PUBLIC);
	struct jwk mac = jwk_from_bytes(arena, EC256_PUBLIC, strlen(EC256_PUBLIC));
	struct jws jws;
	char *text = jws_sign(arena, jws_signer_new(arena, &mac, JWS_HS256, NULL),
			      &(struct jws_header){0}, "x", 1);

	check(jws_verify(arena, text, strlen(text), &ec, ALL, &jws) == JWS_KEY_UNFIT, "EC as HMAC");
}

/* ECDSA signatures have one length, and DER is none of them. */
static void
test_ecdsa_shapes(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		uint8_t fill;
	} rows[] = {
		{"half", 32, 1},  {"one short", 63, 1},   {"one long", 65, 1}, {"DER", 70, 1},
		{"zeros", 64, 0}, {"all ones", 64, 0xff}, {"twice", 128, 1},
	};
	struct arena *arena = *state;
	struct jwk ec = key_of(arena, EC256_PUBLIC);

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t signature[128];
		struct jws jws;
		char *text;

		memset(signature, rows[i].fill, sizeof(signature));
		text = arena_printf(arena, "%s.eA.%s", b64(arena, "{\"alg\":\"ES256\"}"),
				    b64url_encode(arena, signature, rows[i].size));
		check(jws_verify(arena, text, strlen(text), &ec, ALL, &jws) == JWS_BAD_SIGNATURE,
		      rows[i].name);
	}
}

#define KEY(kid, x, y)                                                                             \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid "\",\"x\":\"" x "\",\"y\":\"" y "\"}"

static void
test_sets(void **state)
{
	struct arena *arena = *state;
	struct jwk ec = key_of(arena, EC256_PRIVATE);
	struct jwk_set set;
	struct jws jws;
	const char *named = jws_sign(arena, jws_signer_new(arena, &ec, JWS_ES256, "a"),
				     &(struct jws_header){0}, "x", 1);
	const char *other = jws_sign(arena, jws_signer_new(arena, &ec, JWS_ES256, "b"),
				     &(struct jws_header){0}, "x", 1);
	const char *nameless = jws_sign(arena, jws_signer_new(arena, &ec, JWS_ES256, NULL),
					&(struct jws_header){0}, "x", 1);
	char *keys = arena_strdup(arena, "{\"keys\":[");
	struct jws_alg_set rsa_only = {.bits = JWS_ALGS_RSA};

	check(jwk_set_parse(arena, object_of(arena, "{\"keys\":[" KEY("a", EC256_X, EC256_Y) "]}"),
			    JWK_ACCEPT_PUBLIC, &set) == JWK_OK,
	      "set");
	check(jws_verify_set(arena, named, strlen(named), &set, ALL, &jws) == JWS_OK, "named");
	check(jws_verify_set(arena, nameless, strlen(nameless), &set, ALL, &jws) == JWS_OK,
	      "nameless");
	check(jws_verify_set(arena, other, strlen(other), &set, ALL, &jws) == JWS_KEY_UNKNOWN,
	      "another kid");
	check(jws_verify_set(arena, named, strlen(named), &set, rsa_only, &jws) == JWS_ALG_REFUSED,
	      "not allowed");
	check(jws_verify_set(arena, named, strlen(named), &(struct jwk_set){0}, ALL, &jws) ==
		      JWS_KEY_UNKNOWN,
	      "empty set");
	check(jws_verify_set(arena, named, strlen(named), &(struct jwk_set){0}, rsa_only, &jws) ==
		      JWS_ALG_REFUSED,
	      "not allowed, and no key");
	/* the right key behind as many wrong ones as are tried */
	for (int i = 0; i < JWS_TRIES_MAX; i++) {
		struct jwk wrong = jwk_generate(arena, JWS_ES256, 0);

		keys = arena_printf(arena, "%s%s,", keys,
				    json_write(arena, jwk_export_public(arena, &wrong), NULL));
	}
	keys = arena_printf(arena, "%s%s]}", keys, KEY("a", EC256_X, EC256_Y));
	check(jwk_set_parse(arena, object_of(arena, keys), JWK_ACCEPT_PUBLIC, &set) == JWK_OK,
	      "larger set");
	check(jws_verify_set(arena, nameless, strlen(nameless), &set, ALL, &jws) ==
		      JWS_BAD_SIGNATURE,
	      "tries have an end");
	check(jws_verify_set(arena, named, strlen(named), &set, ALL, &jws) == JWS_OK,
	      "a kid finds it");
}

/* A header's own key is handed on and not believed. */
static void
test_embedded_key(void **state)
{
	struct arena *arena = *state;
	struct jwk mine = jwk_generate(arena, JWS_ES256, 0);
	struct jwk theirs = key_of(arena, EC256_PUBLIC);
	struct jwk found;
	struct json_object *object;
	struct jws_header header = {.typ = "dpop+jwt", .jwk = jwk_export_public(arena, &mine)};
	struct jws jws;
	char *text =
		jws_sign(arena, jws_signer_new(arena, &mine, JWS_ES256, NULL), &header, "x", 1);

	check(jws_verify(arena, text, strlen(text), &theirs, ALL, &jws) == JWS_BAD_SIGNATURE,
	      "not believed");
	check(jws_read_unverified(arena, text, strlen(text), &jws) == JWS_OK, "read");
	check(json_get_object(jws.header, "jwk", &object) == JSON_FOUND, "there");
	check(jwk_parse(arena, object, JWK_ACCEPT_PUBLIC, &found) == JWK_OK, "parsed");
	check(jws_check(&jws, &found, JWS_ALG_SET_ONE(JWS_ES256)) == JWS_OK, "verified");
}

/* A signer outlives the arena of its key. */
static void
test_signer_life(void **state)
{
	struct arena *arena = *state;
	struct arena *brief = arena_new(TEST_ARENA_CAP);
	struct jwk ec = key_of(brief, EC256_PRIVATE);
	struct jws_signer *signer = jws_signer_new(arena, &ec, JWS_ES256, ec.kid);
	struct jwk again;
	struct jws jws;
	char *text;

	arena_free(brief);
	again = key_of(arena, EC256_PUBLIC);
	text = jws_sign_object(arena, signer, &(struct jws_header){.cty = "c"},
			       object_of(arena, "{\"a\":1}"));
	check(jws_verify(arena, text, strlen(text), &again, ALL, &jws) == JWS_OK, "verified");
	check_text((const char *)jws.payload, "{\"a\":1}", "payload");
	check_text(json_text_or_null(jws.header, "cty"), "c", "cty");
	check(jws_signer_kid(signer) == NULL, "no kid");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_headers),      arena_test(test_shapes),
		arena_test(test_sizes),        arena_test(test_round_trip),
		arena_test(test_keys),         arena_test(test_confusion),
		arena_test(test_ecdsa_shapes), arena_test(test_sets),
		arena_test(test_embedded_key), arena_test(test_signer_life),
	};

	return cmocka_run_group_tests_name("jose/jws", tests, NULL, NULL);
}
