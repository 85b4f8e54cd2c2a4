/* SPDX-License-Identifier: ISC */
/*
 * Keys from outside: each way of being wrong has its verdict; then export, thumbprints, making and
 * storing keys.
 */
#include "core/jose/jwk.h"

#include "core/base/b64.h"
#include "tests/core/jose/support.h"

#define Q(text) "\"" text "\""

static const struct {
	const char *name;
	const char *key;    /* this JWK … */
	const char *member; /* … with this member … */
	const char *value;  /* … of this JSON value; NULL: without it */
	enum jwk_accept accept;
	enum jwk_verdict verdict;
} cases[] = {
	{"no kty", EC256_PUBLIC, "kty", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"kty number", EC256_PUBLIC, "kty", "1", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"kty unknown", EC256_PUBLIC, "kty", Q("AKP"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"kty in another case", EC256_PUBLIC, "kty", Q("ec"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"kty of another", EC256_PUBLIC, "kty", Q("RSA"), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"kid empty", EC256_PUBLIC, "kid", Q(""), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"kid number", EC256_PUBLIC, "kid", "7", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"use number", EC256_PUBLIC, "use", "7", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"use enc", EC256_PUBLIC, "use", Q("enc"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"use unknown", EC256_PUBLIC, "use", Q("Sig"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"key_ops text", EC256_PUBLIC, "key_ops", Q("verify"), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"key_ops empty", EC256_PUBLIC, "key_ops", "[]", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"key_ops twice", EC256_PUBLIC, "key_ops", "[\"verify\",\"verify\"]", JWK_ACCEPT_PUBLIC,
	 JWK_CONFLICT},
	{"key_ops mixed", EC256_PUBLIC, "key_ops", "[\"verify\",\"deriveKey\"]", JWK_ACCEPT_PUBLIC,
	 JWK_CONFLICT},
	{"key_ops for encryption", EC256_PUBLIC, "key_ops", "[\"deriveKey\"]", JWK_ACCEPT_PUBLIC,
	 JWK_UNSUPPORTED},
	{"key_ops against use", "{\"kty\":\"EC\",\"use\":\"sig\"}", "key_ops", "[\"deriveKey\"]",
	 JWK_ACCEPT_PUBLIC, JWK_CONFLICT},
	{"alg number", EC256_PUBLIC, "alg", "1", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"alg unknown", EC256_PUBLIC, "alg", Q("ES521"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"alg none", EC256_PUBLIC, "alg", Q("none"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"alg of another type", EC256_PUBLIC, "alg", Q("RS256"), JWK_ACCEPT_PUBLIC, JWK_CONFLICT},
	{"alg of another curve", EC256_PUBLIC, "alg", Q("ES384"), JWK_ACCEPT_PUBLIC, JWK_CONFLICT},
	{"alg symmetric", EC256_PUBLIC, "alg", Q("HS256"), JWK_ACCEPT_PUBLIC, JWK_CONFLICT},
	{"no crv", EC256_PUBLIC, "crv", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"crv unknown", EC256_PUBLIC, "crv", Q("secp256k1"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"crv of OKP", EC256_PUBLIC, "crv", Q("Ed25519"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"crv longer", EC256_PUBLIC, "crv", Q("P-384"), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"no x", EC256_PUBLIC, "x", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"no y", EC256_PUBLIC, "y", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"x number", EC256_PUBLIC, "x", "5", JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"x padded", EC256_PUBLIC, "x", Q(EC256_X_PADDED), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"x short", EC256_PUBLIC, "x", Q(EC256_X_SHORT), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"x not base64url", EC256_PUBLIC, "x", Q(EC256_X "="), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"point off the curve", EC256_PUBLIC, "y", Q(EC256_X), JWK_ACCEPT_PUBLIC, JWK_INVALID},
	{"d in a public key", EC256_PRIVATE, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_LEAKED},
	{"d null in a public key", EC256_PUBLIC, "d", "null", JWK_ACCEPT_PUBLIC, JWK_LEAKED},
	{"k in a public key", EC256_PUBLIC, "k", Q(OCT_32), JWK_ACCEPT_PUBLIC, JWK_LEAKED},
	{"d of another key", EC256_PRIVATE, "d", Q(EC256_D_OTHER), JWK_ACCEPT_ANY, JWK_INVALID},
	{"d short", EC256_PRIVATE, "d", Q("AA"), JWK_ACCEPT_ANY, JWK_MALFORMED},
	{"RSA without n", RSA_PUBLIC, "n", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"RSA without e", RSA_PUBLIC, "e", NULL, JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"RSA n empty", RSA_PUBLIC, "n", Q(""), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"RSA n with a zero in front", RSA_PUBLIC, "n", Q(RSA_N_PADDED), JWK_ACCEPT_PUBLIC,
	 JWK_MALFORMED},
	{"RSA 1024 bits", RSA_PUBLIC, "n", Q(RSA_N_1024), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA 2040 bits", RSA_PUBLIC, "n", Q(RSA_N_2040), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA 8200 bits", RSA_PUBLIC, "n", Q(RSA_N_8200), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA n even", RSA_PUBLIC, "n", Q(RSA_N_EVEN), JWK_ACCEPT_PUBLIC, JWK_INVALID},
	{"RSA n with a small factor", RSA_PUBLIC, "n", Q(RSA_N_BY_3), JWK_ACCEPT_PUBLIC,
	 JWK_INVALID},
	{"RSA e 1", RSA_PUBLIC, "e", Q("AQ"), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA e 3", RSA_PUBLIC, "e", Q("Aw"), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA e 65535", RSA_PUBLIC, "e", Q("__8"), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA e even", RSA_PUBLIC, "e", Q("AQAC"), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA e over 32 bits", RSA_PUBLIC, "e", Q("AQAAAAE"), JWK_ACCEPT_PUBLIC, JWK_WEAK},
	{"RSA e with a zero in front", RSA_PUBLIC, "e", Q("AAEAAQ"), JWK_ACCEPT_PUBLIC,
	 JWK_MALFORMED},
	{"RSA d alone", RSA_PUBLIC, "d", Q(RSA_D), JWK_ACCEPT_ANY, JWK_MALFORMED},
	{"RSA qi in a public key", RSA_PUBLIC, "qi", Q(RSA_QI), JWK_ACCEPT_PUBLIC, JWK_LEAKED},
	{"RSA oth", RSA_PRIVATE, "oth", "[]", JWK_ACCEPT_ANY, JWK_UNSUPPORTED},
	{"RSA without q", RSA_PRIVATE, "q", NULL, JWK_ACCEPT_ANY, JWK_MALFORMED},
	{"RSA p twice", RSA_PRIVATE, "q", Q(RSA_P), JWK_ACCEPT_ANY, JWK_INVALID},
	{"RSA wrong dp", RSA_PRIVATE, "dp", Q(RSA_DQ), JWK_ACCEPT_ANY, JWK_INVALID},
	{"RSA wrong qi", RSA_PRIVATE, "qi", Q(RSA_DQ), JWK_ACCEPT_ANY, JWK_INVALID},
	{"RSA d too long", RSA_PRIVATE, "d", Q(RSA_N_8200), JWK_ACCEPT_ANY, JWK_INVALID},
	{"Ed25519 short", ED_PUBLIC, "x", Q(EC256_X_SHORT), JWK_ACCEPT_PUBLIC, JWK_MALFORMED},
	{"Ed448", ED_PUBLIC, "crv", Q("Ed448"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"X25519", ED_PUBLIC, "crv", Q("X25519"), JWK_ACCEPT_PUBLIC, JWK_UNSUPPORTED},
	{"Ed25519 d of another", ED_PRIVATE, "d", Q(EC256_D), JWK_ACCEPT_ANY, JWK_INVALID},
	{"oct in public", OCT_KEY(OCT_32), NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_LEAKED},
	{"oct without k", OCT_KEY(OCT_32), "k", NULL, JWK_ACCEPT_ANY, JWK_MALFORMED},
	{"oct empty", OCT_KEY(""), NULL, NULL, JWK_ACCEPT_ANY, JWK_WEAK},
	{"oct of 15 bytes", OCT_KEY(OCT_15), NULL, NULL, JWK_ACCEPT_ANY, JWK_WEAK},
	{"oct of 513 bytes", OCT_KEY(OCT_513), NULL, NULL, JWK_ACCEPT_ANY, JWK_WEAK},
	{"oct for encryption", OCT_KEY(OCT_32), "alg", Q("A256KW"), JWK_ACCEPT_ANY,
	 JWK_UNSUPPORTED},
	{"oct of 16 bytes", OCT_KEY(OCT_16), NULL, NULL, JWK_ACCEPT_ANY, JWK_OK},
	{"P-256", EC256_PUBLIC, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_OK},
	{"P-384", EC384_PUBLIC, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_OK},
	{"P-521", EC521_PUBLIC, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_OK},
	{"P-256 private", EC256_PRIVATE, NULL, NULL, JWK_ACCEPT_ANY, JWK_OK},
	{"RSA", RSA_PUBLIC, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_OK},
	{"RSA e of 32 bits", RSA_PUBLIC, "e", Q("_____w"), JWK_ACCEPT_PUBLIC, JWK_OK},
	{"RSA private", RSA_PRIVATE, NULL, NULL, JWK_ACCEPT_ANY, JWK_OK},
	{"Ed25519", ED_PUBLIC, NULL, NULL, JWK_ACCEPT_PUBLIC, JWK_OK},
	{"Ed25519 private", ED_PRIVATE, NULL, NULL, JWK_ACCEPT_ANY, JWK_OK},
	{"with use, alg and kid", EC256_PUBLIC, "use", Q("sig"), JWK_ACCEPT_PUBLIC, JWK_OK},
	{"an unknown member", EC256_PUBLIC, "x5t", Q("?"), JWK_ACCEPT_PUBLIC, JWK_OK},
};

static void
test_parse(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct jwk jwk = {.kid = "untouched"};
		struct json_object *object =
			object_with(arena, cases[i].key, cases[i].member, cases[i].value);
		enum jwk_verdict verdict = jwk_parse(arena, object, cases[i].accept, &jwk);

		if (verdict != cases[i].verdict)
			fail_msg("case \"%s\": %s", cases[i].name, jwk_verdict_text(verdict));
		if (verdict != JWK_OK)
			check_text(jwk.kid, "untouched", cases[i].name);
	}
}

static void
test_kid_length(void **state)
{
	char kid[JWK_KID_MAX + 4];
	struct jwk jwk;

	memset(kid, 'k', sizeof(kid));
	kid[0] = kid[JWK_KID_MAX + 2] = '"';
	kid[JWK_KID_MAX + 3] = '\0';
	check(jwk_parse(*state, object_with(*state, EC256_PUBLIC, "kid", kid), JWK_ACCEPT_PUBLIC,
			&jwk) == JWK_MALFORMED,
	      "one over the maximum");
	kid[JWK_KID_MAX + 1] = '"';
	kid[JWK_KID_MAX + 2] = '\0';
	check(jwk_parse(*state, object_with(*state, EC256_PUBLIC, "kid", kid), JWK_ACCEPT_PUBLIC,
			&jwk) == JWK_OK,
	      "the maximum");
}

/* What key_ops and the private half allow. */
static void
test_operations(void **state)
{
	static const struct {
		const char *name;
		const char *key;
		const char *operations;
		bool may_sign;
		bool may_verify;
	} rows[] = {
		{"public", EC256_PUBLIC, NULL, false, true},
		{"private", EC256_PRIVATE, NULL, true, true},
		{"only sign", EC256_PRIVATE, "[\"sign\"]", true, false},
		{"only verify", EC256_PRIVATE, "[\"verify\"]", false, true},
		{"both", EC256_PRIVATE, "[\"verify\",\"sign\"]", true, true},
		{"public that claims to sign", EC256_PUBLIC, "[\"sign\"]", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jwk jwk;
		struct json_object *object =
			object_with(*state, rows[i].key, rows[i].operations ? "key_ops" : NULL,
				    rows[i].operations);

		check(jwk_parse(*state, object, JWK_ACCEPT_ANY, &jwk) == JWK_OK, rows[i].name);
		check(jwk.may_sign == rows[i].may_sign, rows[i].name);
		check(jwk.may_verify == rows[i].may_verify, rows[i].name);
	}
}

static void
test_fits(void **state)
{
	static const struct {
		const char *name;
		const char *key;
		const char *member;
		const char *value;
		enum jws_alg alg;
		bool fits;
	} rows[] = {
		{"none", EC256_PUBLIC, NULL, NULL, JWS_NONE, false},
		{"EC as RSA", EC256_PUBLIC, NULL, NULL, JWS_RS256, false},
		{"EC as HMAC", EC256_PUBLIC, NULL, NULL, JWS_HS256, false},
		{"P-256 with ES384", EC256_PUBLIC, NULL, NULL, JWS_ES384, false},
		{"P-256 with EdDSA", EC256_PUBLIC, NULL, NULL, JWS_EDDSA, false},
		{"bound to another", RSA_PUBLIC, "alg", Q("RS256"), JWS_PS256, false},
		{"HMAC short for 256", OCT_KEY(OCT_16), NULL, NULL, JWS_HS256, false},
		{"HMAC short for 384", OCT_KEY(OCT_32), NULL, NULL, JWS_HS384, false},
		{"oct as RSA", OCT_KEY(OCT_64), NULL, NULL, JWS_RS256, false},
		{"ES256", EC256_PUBLIC, NULL, NULL, JWS_ES256, true},
		{"PS512", RSA_PUBLIC, NULL, NULL, JWS_PS512, true},
		{"bound to it", RSA_PUBLIC, "alg", Q("RS256"), JWS_RS256, true},
		{"HS256", OCT_KEY(OCT_32), NULL, NULL, JWS_HS256, true},
		{"HS512", OCT_KEY(OCT_64), NULL, NULL, JWS_HS512, true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jwk jwk;

		check(jwk_parse(*state,
				object_with(*state, rows[i].key, rows[i].member, rows[i].value),
				JWK_ACCEPT_ANY, &jwk) == JWK_OK,
		      rows[i].name);
		check(jwk_fits(&jwk, rows[i].alg) == rows[i].fits, rows[i].name);
	}
}

static void
test_only_alg(void **state)
{
	struct jwk key = key_of(*state, EC521_PUBLIC);

	check(jwk_only_alg(&key) == JWS_ES512, "P-521");
	key = key_of(*state, ED_PUBLIC);
	check(jwk_only_alg(&key) == JWS_EDDSA, "Ed25519");
	key = key_of(*state, RSA_PUBLIC);
	check(jwk_only_alg(&key) == JWS_NONE, "RSA");
	key.alg = JWS_PS256;
	check(jwk_only_alg(&key) == JWS_PS256, "bound RSA");
}

static void
test_thumbprint(void **state)
{
	static const struct {
		const char *name;
		const char *key;
		const char *print;
	} rows[] = {
		{"RFC 8037 A.3", ED_PUBLIC, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		{"RFC 9449 4.2 and 6.1",
		 "{\"kty\":\"EC\",\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","
		 "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\",\"crv\":\"P-256\"}",
		 "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
		{"RFC 7638 3.1",
		 "{\"kty\":\"RSA\",\"n\":"
		 "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAA"
		 "tVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-"
		 "5JsGY4Hc5n9yBXAr"
		 "wl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
		 "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
		 "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
		 "xBniIqb"
		 "w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\","
		 "\"kid\":\"2011-04-29\"}",
		 "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct jwk key = key_of(*state, rows[i].key);

		check_text(jwk_thumbprint(*state, &key), rows[i].print, rows[i].name);
	}
}

/* A private key's export parses as public and is the same key. */
static void
test_export(void **state)
{
	static const char *const keys[] = {RSA_PRIVATE, EC256_PRIVATE, EC384_PRIVATE, EC521_PRIVATE,
					   ED_PRIVATE};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(keys); i++) {
		struct jwk key = key_of(arena, keys[i]);
		struct jwk back;
		struct json_object *object;

		key.kid = "k1";
		key.use = "sig";
		object = jwk_export_public(arena, &key);
		check_text(json_text_or_null(object, "kid"), "k1", "kid");
		check_text(json_text_or_null(object, "use"), "sig", "use");
		check(jwk_parse(arena, object, JWK_ACCEPT_PUBLIC, &back) == JWK_OK, keys[i]);
		check_text(jwk_thumbprint(arena, &back), jwk_thumbprint(arena, &key), keys[i]);
		check(!jwk_public_half(&key).is_private, "half");
		check(!jwk_public_half(&key).may_sign, "half");
	}
}

static void
test_make_and_store(void **state)
{
	struct arena *arena = *state;
	size_t size;

	for (int alg = 1; alg < JWS_ALG_COUNT; alg++) {
		const char *name = jws_alg_name((enum jws_alg)alg);
		struct jwk key = jwk_generate(arena, (enum jws_alg)alg, 0);
		struct jwk back;
		uint8_t *bytes = jwk_private_bytes(arena, &key, &size);

		check(jwk_fits(&key, (enum jws_alg)alg), name);
		check_text(key.kid, jwk_thumbprint(arena, &key), name);
		check(jwk_from_private_bytes(arena, (enum jws_alg)alg, NULL, bytes, size, &back) ==
			      JWK_OK,
		      name);
		check_text(back.kid, key.kid, name);
		check(back.alg == (enum jws_alg)alg && back.may_sign && back.is_private, name);
		check(back.size == key.size, name);
	}
}

static void
test_stored_bad(void **state)
{
	struct arena *arena = *state;
	struct jwk ec = key_of(arena, EC256_PRIVATE);
	struct jwk ed = key_of(arena, ED_PRIVATE);
	struct jwk key;
	size_t size;
	uint8_t *der = jwk_private_bytes(arena, &ec, &size);
	uint8_t *longer = arena_alloc(arena, size + 1);
	size_t ed_size;
	uint8_t *ed_der = jwk_private_bytes(arena, &ed, &ed_size);

	memcpy(longer, der, size);
	check(jwk_from_private_bytes(arena, JWS_ES256, "k", "", 0, &key) == JWK_MALFORMED, "empty");
	check(jwk_from_private_bytes(arena, JWS_ES256, "k", der, size - 1, &key) == JWK_MALFORMED,
	      "cut");
	check(jwk_from_private_bytes(arena, JWS_ES256, "k", longer, size + 1, &key) ==
		      JWK_MALFORMED,
	      "a byte behind");
	check(jwk_from_private_bytes(arena, JWS_HS256, "k", arena_alloc(arena, JWK_DER_MAX + 1),
				     JWK_DER_MAX + 1, &key) == JWK_MALFORMED,
	      "too long");
	check(jwk_from_private_bytes(arena, JWS_ES384, "k", der, size, &key) == JWK_CONFLICT,
	      "another curve");
	check(jwk_from_private_bytes(arena, JWS_RS256, "k", der, size, &key) == JWK_CONFLICT,
	      "EC as RSA");
	check(jwk_from_private_bytes(arena, JWS_EDDSA, "k", der, size, &key) == JWK_CONFLICT,
	      "EC as Ed25519");
	check(jwk_from_private_bytes(arena, JWS_ES256, "k", ed_der, ed_size, &key) == JWK_CONFLICT,
	      "Ed25519 as EC");
	check(jwk_from_private_bytes(arena, JWS_HS256, "k", der, 31, &key) == JWK_WEAK,
	      "short MAC");
	check(jwk_from_private_bytes(arena, JWS_ES256, "mine", der, size, &key) == JWK_OK, "good");
	check_text(key.kid, "mine", "kid given");
}

#define EC256_KID(kid)                                                                             \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"" kid "\",\"x\":\"" EC256_X                   \
	"\",\"y\":\"" EC256_Y "\"}"
#define RSA_KID(kid) "{\"kty\":\"RSA\",\"kid\":\"" kid "\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"
#define RSA_SMALL    "{\"kty\":\"RSA\",\"kid\":\"s\",\"n\":\"" RSA_N_1024 "\",\"e\":\"AQAB\"}"
#define SET(keys)    "{\"keys\":[" keys "]}"

static const struct {
	const char *name;
	const char *text;
	enum jwk_accept accept;
	enum jwk_verdict verdict;
	size_t count;
	size_t skipped;
} set_cases[] = {
	{"no keys", "{}", JWK_ACCEPT_PUBLIC, JWK_MALFORMED, 0, 0},
	{"keys an object", "{\"keys\":{}}", JWK_ACCEPT_PUBLIC, JWK_MALFORMED, 0, 0},
	{"an entry that is text", SET("\"a\""), JWK_ACCEPT_PUBLIC, JWK_MALFORMED, 0, 0},
	{"an entry that is null", SET("null"), JWK_ACCEPT_PUBLIC, JWK_MALFORMED, 0, 0},
	{"an entry without kty", SET(EC256_PUBLIC ",{}"), JWK_ACCEPT_PUBLIC, JWK_MALFORMED, 0, 0},
	{"a private entry", SET(EC256_PRIVATE), JWK_ACCEPT_PUBLIC, JWK_LEAKED, 0, 0},
	{"a kid twice", SET(EC256_KID("a") "," EC256_KID("a")), JWK_ACCEPT_PUBLIC, JWK_CONFLICT, 0,
	 0},
	{"symmetric beside asymmetric", SET(EC256_PUBLIC "," OCT_KEY(OCT_32)), JWK_ACCEPT_ANY,
	 JWK_CONFLICT, 0, 0},
	{"empty", SET(""), JWK_ACCEPT_PUBLIC, JWK_OK, 0, 0},
	{"one kid for two types", SET(EC256_KID("a") "," RSA_KID("a")), JWK_ACCEPT_PUBLIC, JWK_OK,
	 2, 0},
	{"unknown and weak skipped", SET("{\"kty\":\"AKP\"}," RSA_SMALL "," EC256_KID("a")),
	 JWK_ACCEPT_PUBLIC, JWK_OK, 1, 2},
};

static void
test_set(void **state)
{
	for (size_t i = 0; i < COUNT(set_cases); i++) {
		struct jwk_set set = {.count = 99};
		enum jwk_verdict verdict = jwk_set_parse(
			*state, object_of(*state, set_cases[i].text), set_cases[i].accept, &set);

		if (verdict != set_cases[i].verdict)
			fail_msg("case \"%s\": %s", set_cases[i].name, jwk_verdict_text(verdict));
		check(set.count == (verdict == JWK_OK ? set_cases[i].count : 99),
		      set_cases[i].name);
		if (verdict == JWK_OK)
			check(set.skipped == set_cases[i].skipped, set_cases[i].name);
	}
}

static void
test_set_size(void **state)
{
	struct json_object *object = json_new_object(*state);
	struct json_object *keys = json_new_array(*state);
	struct jwk_set set;

	json_add(object, "keys", keys);
	for (int i = 0; i < JWK_SET_MAX; i++)
		json_push(keys, object_of(*state, "{\"kty\":\"AKP\"}"));
	check(jwk_set_parse(*state, object, JWK_ACCEPT_PUBLIC, &set) == JWK_OK, "the maximum");
	json_push(keys, object_of(*state, "{\"kty\":\"AKP\"}"));
	check(jwk_set_parse(*state, object, JWK_ACCEPT_PUBLIC, &set) == JWK_TOO_MANY, "one more");
}

static void
test_set_next(void **state)
{
	static const char text[] =
		SET(EC256_KID("a") "," RSA_KID("a") "," EC256_KID("b") "," EC256_PUBLIC);
	struct jwk_set set;
	size_t position = 0;
	const struct jwk *key;

	check(jwk_set_parse(*state, object_of(*state, text), JWK_ACCEPT_PUBLIC, &set) == JWK_OK,
	      "set");
	key = jwk_set_next(&set, "a", JWS_RS256, &position);
	check(key == &set.key[1], "the algorithm decides between types");
	check(jwk_set_next(&set, "a", JWS_RS256, &position) == NULL, "no second");
	position = 0;
	check(jwk_set_next(&set, "c", JWS_ES256, &position) == NULL, "unknown kid");
	position = 0;
	check(jwk_set_next(&set, NULL, JWS_ES256, &position) == &set.key[0], "no kid: first");
	check(jwk_set_next(&set, NULL, JWS_ES256, &position) == &set.key[2], "no kid: second");
	check(jwk_set_next(&set, NULL, JWS_ES256, &position) == &set.key[3], "no kid: third");
	check(jwk_set_next(&set, NULL, JWS_ES256, &position) == NULL, "no kid: no more");
	position = 0;
	check(jwk_set_parse(*state,
			    object_of(*state, SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":["
						  "\"sign\"],\"x\":\"" EC256_X "\",\"y\":\"" EC256_Y
						  "\"}")),
			    JWK_ACCEPT_PUBLIC, &set) == JWK_OK &&
		      jwk_set_next(&set, NULL, JWS_ES256, &position) == NULL,
	      "a key that may not verify");
}

static void
export_symmetric(void)
{
	struct arena *arena = arena_new(65536);
	struct jwk key = jwk_from_bytes(arena, "0123456789abcdef", 16);

	(void)jwk_export_public(arena, &key);
}

static void
halve_symmetric(void)
{
	struct arena *arena = arena_new(65536);
	struct jwk key = jwk_from_bytes(arena, "0123456789abcdef", 16);

	(void)jwk_public_half(&key);
}

static void
store_public(void)
{
	struct arena *arena = arena_new(65536);
	struct jwk key = {.kty = JWK_OCT};
	size_t size;

	(void)jwk_private_bytes(arena, &key, &size);
}

static void
test_bugs(void **state)
{
	(void)state;
	check(aborts(export_symmetric), "a symmetric key is not published");
	check(aborts(halve_symmetric), "a symmetric key has no half");
	check(aborts(store_public), "a public key is not stored");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_parse),      arena_test(test_kid_length),
		arena_test(test_operations), arena_test(test_fits),
		arena_test(test_only_alg),   arena_test(test_thumbprint),
		arena_test(test_export),     arena_test(test_make_and_store),
		arena_test(test_stored_bad), arena_test(test_set),
		arena_test(test_set_size),   arena_test(test_set_next),
		arena_test(test_bugs),
	};

	return cmocka_run_group_tests_name("jose/jwk", tests, NULL, NULL);
}
